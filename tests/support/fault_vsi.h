// A VSI file system over local files that counts what is done to them and lets
// one operation go wrong, as disks, servers and other programs do.
// `/vsifault/<path>` is the local file `<path>`.

#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>

namespace mdimappend::read_testing
{

struct ReadFault
{
    enum class Kind
    {
        None,
        Open,            ///< fails with `code`
        OpenAsServer,    ///< the same, and GDAL's errors are set as for a 503
        Read,            ///< nothing, errno `code`, the handle's error flag
        ReadAsServer,    ///< the same with an error message
        ShortRead,       ///< half of the bytes, no flag
        ShortReadAtEnd,  ///< half of the bytes, as if the file ended there
        FlippedBytes,    ///< all bytes, some of them other ones
        Stat,            ///< fails with `code`
        List,            ///< fails with `code`
        ListIncomplete,  ///< the last name is missing
        Close,           ///< fails with `code`
        Hang,            ///< any operation takes a second
        Act              ///< `act` happens before any operation
    };

    Kind kind = Kind::None;
    std::uint64_t at = 0;  ///< the number of the operation of its sort, from 1
    bool fromThenOn = false;
    int code = EIO;
    std::function<void()> act{};
    /// Count only operations on files whose path has this in it.
    std::string only{};
};

std::string describe(const ReadFault &fault);

/// One at a time: while it lives, `/vsifault/` has this fault.
class FaultVsi
{
  public:
    explicit FaultVsi(ReadFault fault = {});
    ~FaultVsi();
    FaultVsi(const FaultVsi &) = delete;
    FaultVsi &operator=(const FaultVsi &) = delete;

    static std::string path(const std::string &file)
    {
        return "/vsifault/" + file;
    }

    /// Operations of the fault's sort so far (all, if there is no fault).
    std::uint64_t count() const;
    bool hit() const;
    /// The file that was hit.
    std::string hitFile() const;
    /// All operations, one a line, numbered; those that went wrong marked.
    std::string trace() const;
};

}  // namespace mdimappend::read_testing
