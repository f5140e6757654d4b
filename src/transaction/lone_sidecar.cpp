// Removes empty folders, then the lock, then the sidecar's own folder.

#include "transaction/lone_sidecar.h"

#include "storage/folder_storage.h"
#include "trace.h"

namespace mdimappend
{

Status removeLoneSidecar(Storage &storage, const Site &site)
{
    auto *folders = storage.folders();
    MDIMAPPEND_ASSIGN(const auto store, storage.state(site.store()));
    if (!folders || store)
        return Status::ok();
    for (const char *name : {"journal", "stage", "overwrite"})
        MDIMAPPEND_RETURN_IF_ERROR(
            folders->removeFolderIfEmpty(site.sidecar() + "/" + name));
    MDIMAPPEND_ASSIGN(const auto names, storage.list(site.sidecar()));
    if (names.size() != 1 || site.sidecar() + "/" + names[0] != site.lock())
        return Status::ok();
    trace(site.sidecar(), "there is no store beside it: removed");
    MDIMAPPEND_RETURN_IF_ERROR(storage.remove(site.lock()));
    return folders->removeFolderIfEmpty(site.sidecar());
}

}  // namespace mdimappend
