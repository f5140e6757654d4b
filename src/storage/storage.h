// Storage: checked whole-object operations on one kind of file system. The
// protocol (transaction/) is written against this interface only.
//
// What only some storage can do has an interface of its own, which a Storage
// offers or not: folders and names that are given anew (folder_storage.h),
// versions that a put can depend on (versioned_storage.h). What a caller has to
// heed is asked by what it means to that caller, never by the kind of store.
//
// Paths are full paths. Every failure is reported, with the path and the
// system's reason; "does not exist" is a value, never an error.
// All functions may be called from several threads.

#pragma once

#include "settings/durability.h"
#include "status.h"

#include <cstddef>
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

class FolderStorage;
class VersionedStorage;

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
    virtual Status putWhole(const std::string &path,
                            std::string_view bytes) = 0;

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

    /// Atomically creates the object, complete and durable, unless one is
    /// there: then false, and that one is adopted. Its folder must be there: a
    /// decision in a journal that has been removed would be nobody's.
    virtual Result<bool> create(const std::string &path,
                                std::string_view bytes) = 0;

    /// What `create` is going to create at a path after the next barrier, which
    /// then makes it durable: `create` need not sync it once more.
    virtual Status prepare(const std::string &path, std::string_view bytes)
    {
        static_cast<void>(path);
        static_cast<void>(bytes);
        return Status::ok();
    }

    /// The object is gone when this succeeds, whether or not it was there.
    virtual Status remove(const std::string &path) = 0;

    /// All are gone when this succeeds, in no particular order.
    virtual Status removeAll(const std::vector<std::string> &paths)
    {
        for (const auto &path : paths)
            MDIMAPPEND_RETURN_IF_ERROR(remove(path));
        return Status::ok();
    }

    /// Names in a folder, sorted; empty if there is no such folder.
    virtual Result<std::vector<std::string>>
    list(const std::string &folder) = 0;

    /// The same without folders that have no object in them, nor below: a store
    /// may go on listing those whose objects are gone.
    virtual Result<std::vector<std::string>>
    listFilled(const std::string &folder)
    {
        return list(folder);
    }

    /// All that was done before through this object is durable when this
    /// succeeds, and what was adopted.
    virtual Status barrier() = 0;

    /// Names all that a barrier makes durable, whoever has changed it since
    /// this object was opened; "" if it is only what was done through it.
    virtual std::string barrierReach() const
    {
        return {};
    }

    /// The next barrier also makes durable what another process did at `path`
    /// (made, replaced or removed): it may have ended before its own barrier.
    virtual void adopt(const std::string &path) = 0;

    /// Itself, if it has folders, and names that can be given anew.
    virtual FolderStorage *folders()
    {
        return nullptr;
    }

    /// Itself, if its objects have versions that a put can depend on.
    virtual VersionedStorage *versions()
    {
        return nullptr;
    }

    /// So many operations are worth being under way at the same time: each is a
    /// request whose answer is waited for. 1 where whoever asks does the work.
    virtual std::size_t operationsAtOnce() const
    {
        return 1;
    }

    /// Whether each operation, a look at an object too, costs a request: what
    /// can be known without one is not asked for.
    bool waitsForAnswers() const
    {
        return operationsAtOnce() > 1;
    }

    /// Whether what was acknowledged survives a power cut, barrier or not.
    virtual bool isDurableAtOnce() const
    {
        return false;
    }

    /// Whether a write may be carried out when its writer has given it up, or
    /// is gone. A deletion could then hit what others have written since, and
    /// what was deleted could come back.
    virtual bool mayComeLate() const
    {
        return false;
    }

    /// Whether what putUnlessThere makes is whole from the first moment on, so
    /// that a writer that has lost its lease unawares does no harm by it.
    virtual bool createsWhole() const
    {
        return false;
    }
};

}  // namespace mdimappend
