// Storage whose objects have versions that a put can depend on: an object
// store. A commit there is a row of puts, each under the condition that nothing
// has changed at its key.

#pragma once

#include "storage/all_objects.h"
#include "storage/storage.h"

namespace mdimappend
{

class VersionedStorage : public Storage
{
  public:
    VersionedStorage *versions() final
    {
        return this;
    }

    /// Puts an object in place of the one that has this version; "": where
    /// there is none. Failure::Conflict if that is not so any more.
    virtual Status replace(const std::string &path, std::string_view bytes,
                           const std::string &version) = 0;

    /// All objects below a folder.
    virtual Result<std::vector<ListedObject>>
    listAll(const std::string &folder) = 0;

    /// Whether an object still has the version that was seen. Asks the store.
    virtual Result<bool> isUnchanged(const std::string &path) = 0;

    /// What was seen is remembered, and not asked for again, until this.
    virtual void forget() = 0;
    virtual void forget(const std::string &path) = 0;
};

}  // namespace mdimappend
