// The end of a transaction that many processes have written to: one decision
// over all parts, or none.

#pragma once

#include "distributed/token.h"
#include "distributed/written_part.h"
#include "settings/options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

struct CommitReport
{
    bool dryRun = false;
    bool isRegion = false;
    bool created = false;
    std::string appendDim;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;
    std::string firstLabel;
    std::string lastLabel;
    std::size_t parts = 0;
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t alteredValues = 0;
    std::uint64_t sequence = 0;
    /// It had been decided before, by a commit that did not come to its end.
    bool finished = false;
};

/// Checks that the receipts have every chunk exactly once, guards the labels,
/// and commits. `options`: those of the caller and for the target; with
/// --dry-run nothing is committed. Failure::Refused: something is missing or
/// wrong; the transaction stays open, and can be committed with other receipts.
Result<CommitReport> commitParts(const Token &token,
                                 const std::vector<Receipt> &receipts,
                                 const AppendOptions &options);

/// Gives up all that was written for it.
Status abortParts(const Token &token, const AppendOptions &options);

/// The lease lasts its full length again, from now on.
Status renewLease(const Token &token, const AppendOptions &options);

Json toJson(const CommitReport &report);
std::string toText(const CommitReport &report);

}  // namespace mdimappend
