// Deletes what an aborted transaction has added, once all documents are known
// to be what they were before it.

#include "transaction/undo.h"

#include "trace.h"
#include "transaction/added_chunks.h"
#include "transaction/conflict.h"
#include "transaction/known_contents.h"
#include "transaction/overwrite.h"

namespace mdimappend
{

Status undo(FolderStorage &storage, const Site &site, const Plan &plan)
{
    if (plan.overwrite)
    {
        MDIMAPPEND_RETURN_IF_ERROR(undoOverwrite(storage, site, plan));
        return storage.barrier();
    }
    // P10: nothing was put in the store. (A plan that came after its writer had
    // lost the lease may be older than the documents.)
    if (plan.leased)
    {
        trace(plan.transaction, "undo: under a lease nothing was added");
        return Status::ok();
    }
    // Whoever wrote the plan may mean a folder beside the store.
    for (const auto &folder : plan.folders)
    {
        if (folder != site.name && !folder.starts_with(site.name + "/"))
            return conflict("the plan has the folder '" + folder +
                            "', which is not part of the store");
    }
    // P6: nothing is deleted before all documents are known to be as they were.
    for (const auto &document : plan.documents)
    {
        MDIMAPPEND_ASSIGN(const Content present,
                          contentAt(storage, site.object(document.key), false));
        if (present != document.content)
            return conflict("document '" + document.key +
                            "' is not what it was before the append");
    }
    trace(plan.transaction,
          "undo: documents are as they were; deletes the added chunks of ",
          plan.arrays.size(), " arrays");
    for (const auto &array : plan.arrays)
        MDIMAPPEND_RETURN_IF_ERROR(removeAddedChunks(storage, site, array));
    for (auto folder = plan.folders.rbegin(); folder != plan.folders.rend();
         ++folder)
        MDIMAPPEND_RETURN_IF_ERROR(
            storage.removeFolderIfEmpty(site.parent + "/" + *folder));
    MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    trace(plan.transaction, "undo: done");
    return Status::ok();
}

}  // namespace mdimappend
