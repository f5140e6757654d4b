// What an undo deletes of one array: the chunks that its plan calls added, and
// the folders that were made for them.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/folder_storage.h"

namespace mdimappend
{

/// Deletes the chunks of the boxes that were planned as added: each by its key,
/// or, where those would be too many to try, those of them that are there.
Status removeAddedChunks(FolderStorage &storage, const Site &site,
                         const PlannedArray &array);

}  // namespace mdimappend
