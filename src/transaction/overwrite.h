// A whole store in place of another, in one instant.
//
// The new store is made in the sidecar, its documents included, while nobody
// looks there and the old one is not touched. Once that is decided, the two
// folders are exchanged (FolderStorage::exchange): from one moment to the next
// a reader finds the new store. The old one then lies where the new one was
// made, and is removed with the rest of the transaction.
//
// An exchange done twice is undone. So what has happened is always read from
// the two folders themselves: each is known by its identity, or, where both
// were copied to another place since, by its documents.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/folder_storage.h"

#include <string>

namespace mdimappend
{

/// Makes the folder for the new store of `site.overwriting`. Failure::Error
/// where the two could not be exchanged; nothing but that folder was made then.
Result<Overwrite> prepareOverwrite(FolderStorage &storage, const Site &site);

/// Right before the decision: is the store still the one that was to be
/// replaced, and the new one in its place?
Status checkOverwrite(FolderStorage &storage, const Site &site,
                      const Overwrite &overwrite);

/// Exchanges the stores unless that has been done. Failure::Conflict, and
/// nothing is moved, where the folders are not the two that were decided on, or
/// the new one is not whole.
Status exchangeStores(FolderStorage &storage, const Site &site,
                      const Manifest &manifest);

/// Removes what was made of the new store. For a transaction that was aborted.
Status undoOverwrite(FolderStorage &storage, const Site &site,
                     const Plan &plan);

/// Removes the old store that was replaced, or what else the transaction has
/// left. What must stay (another user's folder, say) goes to the set-aside, in
/// nobody's way.
Status removeOverwritten(FolderStorage &storage, const Site &site,
                         const std::string &transaction);

}  // namespace mdimappend
