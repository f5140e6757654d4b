// Asks an object store, and walks through the folders of a file system.

#include "storage/all_objects.h"

#include "storage/versioned_storage.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

Status addBelow(Storage &storage, const std::string &folder,
                const std::string &key, std::vector<ListedObject> &found)
{
    MDIMAPPEND_ASSIGN(const auto names, storage.list(folder));
    for (const auto &name : names)
    {
        const auto path = folder + "/" + name;
        MDIMAPPEND_ASSIGN(const auto state, storage.state(path));
        if (state && state->directory)
            MDIMAPPEND_RETURN_IF_ERROR(
                addBelow(storage, path, key + name + "/", found));
        else if (state)
            found.push_back({key + name, state->size});
    }
    return Status::ok();
}

}  // namespace

Result<std::vector<ListedObject>> allObjects(Storage &storage,
                                             const std::string &folder)
{
    std::vector<ListedObject> found;
    if (auto *versions = storage.versions())
    {
        MDIMAPPEND_ASSIGN(found, versions->listAll(folder));
    }
    else
        MDIMAPPEND_RETURN_IF_ERROR(addBelow(storage, folder, "", found));
    std::ranges::sort(found, {}, &ListedObject::key);
    return found;
}

}  // namespace mdimappend
