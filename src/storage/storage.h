// Storage: checked whole-object operations on one kind of file system. The
// protocol (transaction/) is written against this interface only.
//
// Paths are full paths. Every failure is reported, with the path and the
// system's reason; "does not exist" is a value, never an error.
// All functions may be called from several threads.

#pragma once

#include "settings/durability.h"
#include "status.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// What is larger is refused before it takes memory: chunks have at most 2^31
/// bytes before they are encoded, and documents of metadata a few megabytes.
constexpr std::uint64_t largestObject = 1ULL << 32;
constexpr std::uint64_t largestDocument = 256ULL << 20;

/// What tells one state of an object from another, without reading it.
struct ObjectState
{
    std::uint64_t size = 0;
    bool directory = false;
    /// Changes whenever the object is replaced or rewritten.
    std::string version;
};

class Storage
{
  public:
    virtual ~Storage() = default;

    /// The whole object; nothing if it does not exist. An object larger than
    /// `limit` bytes is an error.
    virtual Result<std::optional<std::string>>
    read(const std::string &path, std::uint64_t limit = largestObject) = 0;

    /// The same, a part after the other, for objects that need not be in memory
    /// as a whole. False if it does not exist.
    virtual Result<bool>
    readInParts(const std::string &path,
                const std::function<void(std::string_view)> &visit) = 0;

    virtual Result<std::optional<ObjectState>>
    state(const std::string &path) = 0;

    /// The version that `state` tells; "" if there is no object.
    Result<std::string> versionAt(const std::string &path)
    {
        MDIMAPPEND_ASSIGN(const auto found, state(path));
        return found ? found->version : std::string();
    }

    /// Writes a new object; what was there before is unlinked first, never
    /// rewritten (a hard-linked copy of it stays as it is). Missing parent
    /// folders are made.
    virtual Status put(const std::string &path, std::string_view bytes) = 0;

    /// Writes an object, so that it is there whole or not at all, whatever was
    /// there before.
    virtual Status putWhole(const std::string &path, std::string_view bytes)
    {
        MDIMAPPEND_RETURN_IF_ERROR(put(path + ".new", bytes));
        return publish(path + ".new", path);
    }

    /// Writes a new object unless one is there: then nothing. Otherwise its
    /// version, as `state` tells it. One that cannot be completed is removed.
    /// (In an object store one of the same content counts as one's own: the
    /// answer to an earlier attempt may have been lost.)
    virtual Result<std::optional<std::string>>
    putUnlessThere(const std::string &path, std::string_view bytes) = 0;

    /// Like put, with the access rights that the object at `destination` has,
    /// if there is one; its version, as `state` tells it. Fails where publish
    /// could not succeed: on another file system than the destination's, or
    /// without the right to write there.
    virtual Result<std::string> stage(const std::string &path,
                                      std::string_view bytes,
                                      const std::string &destination) = 0;

    /// Moves a staged object over `destination`, atomically. Missing parent
    /// folders are made.
    virtual Status publish(const std::string &staged,
                           const std::string &destination) = 0;

    /// Atomically creates the object, complete and durable, unless one is
    /// there: then false, and that one is adopted. Its folder must be there: a
    /// decision in a journal that has been removed would be nobody's.
    virtual Result<bool> create(const std::string &path,
                                std::string_view bytes) = 0;

    /// The same with the content of an object that is there under another name,
    /// which needs no space. That name may be gone afterwards.
    virtual Result<bool> createFrom(const std::string &prepared,
                                    const std::string &path) = 0;

    /// The object is gone when this succeeds, whether or not it was there.
    virtual Status remove(const std::string &path) = 0;

    /// All are gone when this succeeds, in no particular order.
    virtual Status removeAll(const std::vector<std::string> &paths)
    {
        for (const auto &path : paths)
            MDIMAPPEND_RETURN_IF_ERROR(remove(path));
        return Status::ok();
    }

    /// Seconds since the object was written, by the clock of whatever keeps it:
    /// the same one for all who look. Nothing if it is not there, or where
    /// that cannot be told.
    virtual Result<std::optional<double>> age(const std::string &path)
    {
        static_cast<void>(path);
        return std::optional<double>();
    }

    /// Names in a folder, sorted; empty if there is no such folder.
    virtual Result<std::vector<std::string>>
    list(const std::string &folder) = 0;

    virtual Status makeFolders(const std::string &folder) = 0;

    /// A folder that is there. If somebody takes it away, what would be written
    /// into it fails: it is not made again where nobody looks for it.
    virtual void expectFolder(const std::string &folder) = 0;

    /// Removes a folder if it is empty; one that is not there or not empty is
    /// left alone and is no error.
    virtual Status removeFolderIfEmpty(const std::string &folder) = 0;

    /// Makes a folder that is going to be exchanged with the folder
    /// `destination`, with the access rights of that. Fails where the exchange
    /// could not succeed: on a file system that cannot do it, or on another
    /// one than the destination's, or without the rights.
    virtual Status makeReplacement(const std::string &folder,
                                   const std::string &destination) = 0;

    /// Each of two folders takes the other's place, in one instant.
    virtual Status exchange(const std::string &folder,
                            const std::string &other) = 0;

    /// What a folder keeps when it is renamed and shares with no other of its
    /// file system, no copy of it, and none that was there before it; nothing
    /// if there is no such folder.
    virtual Result<std::optional<std::string>>
    identity(const std::string &folder) = 0;

    /// Removes a folder and all that is below it; it may be gone already.
    /// Links are removed and never followed, mounted file systems never
    /// entered. False if something must stay for good, for want of rights or
    /// because it is in use: then all else is gone.
    virtual Result<bool> removeTree(const std::string &folder) = 0;

    /// All that was done before through this object is durable when this
    /// succeeds, and what was adopted.
    virtual Status barrier() = 0;

    /// The next barrier also makes durable what another process did at `path`
    /// (made, replaced or removed): it may have ended before its own barrier.
    virtual void adopt(const std::string &path) = 0;

    // Where there are no folders, no renames and no barriers: an object is put
    // whole, and a put can have a condition.

    virtual bool isObjectStore() const
    {
        return false;
    }

    /// Puts an object in place of the one that has this version; "": where
    /// there is none. Failure::Conflict if that is not so any more. Of object
    /// stores only.
    virtual Status replace(const std::string &path, std::string_view bytes,
                           const std::string &version)
    {
        static_cast<void>(bytes);
        static_cast<void>(version);
        return error("'" + path + "' cannot be replaced under a condition");
    }

    /// Whether an object still has the version that was seen. Of object stores
    /// only: elsewhere `state` tells.
    virtual Result<bool> isUnchanged(const std::string &path)
    {
        return error("'" + path + "' has no version");
    }

    /// What was seen is asked for again, where it is remembered.
    virtual void forget()
    {
    }
};

}  // namespace mdimappend
