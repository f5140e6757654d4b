// The end of a transaction that many processes have written to: one decision
// over all parts, or none.

#pragma once

#include "distributed/commit_report.h"
#include "distributed/token.h"
#include "distributed/written_part.h"
#include "settings/options.h"

#include <vector>

namespace mdimappend
{

/// Checks that the receipts have every chunk exactly once, guards the labels,
/// and commits. `options`: those of the caller and for the target; with
/// --dry-run nothing is committed. Failure::Refused: something is missing or
/// wrong; the transaction stays open, and can be committed with other receipts.
Result<CommitReport> commitParts(const Token &token,
                                 const std::vector<Receipt> &receipts,
                                 const AppendOptions &options);

/// Gives up all that was written for it.
Status abortParts(const Token &token, const AppendOptions &options);

}  // namespace mdimappend
