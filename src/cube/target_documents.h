// What the log says of a target's documents (journal/document_state.h).

#pragma once

#include "cube/target.h"
#include "journal/document_state.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"

namespace mdimappend
{

/// As they are in `target`, which may not be stored yet: the file that will be
/// stamped has no time yet.
DocumentState digestsOf(const Target &target, const std::string &group);

/// As they are stored; nothing is stamped where there are no files. Looks at
/// one.
Result<DocumentState> storedDocuments(Storage &storage, const Site &site,
                                      const Target &target);

}  // namespace mdimappend
