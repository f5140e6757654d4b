// Removes empty folders, then the lock, then the sidecar's own folder.

#include "transaction/lone_sidecar.h"

#include "storage/folder_storage.h"
#include "trace.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mdimappend
{

namespace
{

constexpr std::array<std::string_view, 3> folderNames = {"journal", "stage",
                                                         "overwrite"};

/// Whether there is nothing in it but the lock and empty folders.
Result<bool> isEmpty(Storage &storage, const Site &site)
{
    MDIMAPPEND_ASSIGN(const auto names, storage.list(site.sidecar()));
    for (const auto &name : names)
    {
        const std::string path = site.sidecar() + "/" + name;
        if (path == site.lock())
            continue;
        if (std::ranges::find(folderNames, name) == folderNames.end())
            return false;
        MDIMAPPEND_ASSIGN(const auto inside, storage.list(path));
        if (!inside.empty())
            return false;
    }
    return true;
}

}  // namespace

Status removeLoneSidecar(Storage &storage, const Site &site)
{
    auto *folders = storage.folders();
    MDIMAPPEND_ASSIGN(const auto store, storage.state(site.store()));
    if (!folders || store)
        return Status::ok();
    MDIMAPPEND_ASSIGN(const bool empty, isEmpty(storage, site));
    if (!empty)
        return Status::ok();
    trace(site.sidecar(), "there is no store beside it: removed");
    for (const auto name : folderNames)
        MDIMAPPEND_RETURN_IF_ERROR(folders->removeFolderIfEmpty(
            site.sidecar() + "/" + std::string(name)));
    MDIMAPPEND_RETURN_IF_ERROR(storage.remove(site.lock()));
    return folders->removeFolderIfEmpty(site.sidecar());
}

}  // namespace mdimappend
