// The commit of a transaction of parts that is open, and whose lease this
// process has: one decision over all parts, or none.

#pragma once

#include "distributed/commit_report.h"
#include "distributed/open_part.h"
#include "distributed/token.h"
#include "distributed/written_part.h"
#include "settings/options.h"

#include <memory>
#include <vector>

namespace mdimappend
{

/// `attending`: the storage that the process that has begun it keeps, if this
/// is that one (renewal.h). It is dropped when its barrier has failed: what
/// parts have written may be lost then.
Result<CommitReport> commitOpen(const Token &token, OpenPart &open,
                                const std::vector<Receipt> &receipts,
                                const AppendOptions &options,
                                std::shared_ptr<Storage> &attending);

}  // namespace mdimappend
