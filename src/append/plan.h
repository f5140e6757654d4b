// The plan of one slice's append: which rows are new, which chunks they touch,
// where the values come from, what the documents become. Reads, never writes.

#pragma once

#include "append/plan_request.h"
#include "chunks/slab.h"
#include "cube/cube_state.h"
#include "status.h"
#include "transaction/transaction.h"

#include <string>
#include <vector>

namespace mdimappend
{

struct AppendPlan
{
    Intent intent;
    std::vector<Slab> slabs;
    CubeState after;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;  ///< new ones
    std::uint64_t replacedRows = 0;
    std::uint64_t rowsAlreadyThere = 0;
    std::string firstLabel;
    std::string lastLabel;
    bool create = false;
    /// It has rows that this very commit brings: commit, and plan again.
    /// Nothing else of the plan holds then.
    bool needsCommit = false;

    /// All of the slice is in the target already.
    bool isEmpty() const
    {
        return rows == 0 && replacedRows == 0;
    }

    std::vector<std::string> ignoredArrays;
};

/// Guards the slice and plans its append. Failure::Refused says why not,
/// without the slice's name.
Result<AppendPlan> planAppend(const PlanRequest &request, CubeState cube);

}  // namespace mdimappend
