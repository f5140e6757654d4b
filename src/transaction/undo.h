// Undo: a transaction that was aborted leaves nothing in the store.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/folder_storage.h"

namespace mdimappend
{

/// Deletes what the plan's transaction may have added. Requires each document
/// to be its base (Failure::Conflict otherwise; nothing is deleted then). Of an
/// overwrite: the new store, whatever became of the old one. Under a lease
/// nothing was added, so there is nothing to do. Idempotent, safe to interrupt
/// anywhere and to repeat by another process that holds the lock.
Status undo(FolderStorage &storage, const Site &site, const Plan &plan);

}  // namespace mdimappend
