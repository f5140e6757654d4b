// An open file of one of GDAL's file systems, which may be one of ours: the one
// owner of a VSILFILE.

#pragma once

#include <cpl_vsi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace mdimappend
{

class VsiFile
{
  public:
    VsiFile() = default;

    explicit VsiFile(VSILFILE *file) : m_file(file)
    {
    }

    /// To read. Empty if it cannot be opened: errno, and GDAL's messages, say
    /// why.
    static VsiFile open(const std::string &path);

    explicit operator bool() const
    {
        return m_file != nullptr;
    }

    /// The bytes that came: fewer at the end, or if they cannot be read.
    std::size_t read(void *buffer, std::size_t count);

    /// Whether all bytes came.
    bool readAt(std::uint64_t offset, void *buffer, std::size_t count);

    /// False if one cannot be there.
    bool seek(std::uint64_t offset);

    std::uint64_t tell();

    /// How long the file is; one is at its beginning then. Nothing if that
    /// cannot be known.
    std::optional<std::uint64_t> size();

    /// Whether a read failed, other than by the end of the file.
    bool failed();

    VSILFILE *get() const
    {
        return m_file.get();
    }

    /// For whoever closes it.
    VSILFILE *release()
    {
        return m_file.release();
    }

    /// Closes it, if it is open. What was written counts only if this is true.
    [[nodiscard]] bool close();

  private:
    struct Close
    {
        void operator()(VSILFILE *file) const;
    };

    std::unique_ptr<VSILFILE, Close> m_file{};
};

}  // namespace mdimappend
