// The plan of one slice's append: which rows are new, which chunks they touch,
// where the values come from, what the documents become. Reads, never writes.

#pragma once

#include "append/plan_request.h"
#include "chunks/slab.h"
#include "cube/cube_state.h"
#include "status.h"
#include "transaction/transaction.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct AppendPlan
{
    Intent intent;
    std::vector<Slab> slabs;
    CubeState after;  ///< the cube with what the slice brings
    /// What the labels said, for groups that have none of their own.
    std::optional<LabelledRows> labelled;
    /// Which rows of the slice go where; the replaced ones first.
    std::vector<RowRun> rowRuns;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;  ///< new ones
    std::uint64_t replacedRows = 0;
    std::uint64_t rowsAlreadyThere = 0;
    std::string firstLabel;
    std::string lastLabel;
    /// Of all labels of the slice, if all of its rows are new; else 0.
    std::uint64_t labelsHash = 0;
    /// How the slice was read (SliceReading).
    std::string readAs;
    bool create = false;
    /// It has rows that this very commit brings: commit, and plan again.
    /// Nothing else of the plan holds then.
    bool needsCommit = false;
    /// The record that says that this very file brought the rows; 0: none was
    /// found, or looked for.
    std::uint64_t broughtBy = 0;

    /// All of the slice is in the target already.
    bool isEmpty() const
    {
        return rows == 0 && replacedRows == 0;
    }

    std::vector<std::string> ignoredArrays;
    /// Of what readers will make of what is stored.
    std::vector<std::string> warnings;
    /// What the slice has otherwise than the target, which stays as it is.
    std::vector<std::string> ignoredStatic;
};

/// Guards the slice and plans its append. What had to be read of the target is
/// kept in `cube`. Failure::Refused says why not, without the slice's name.
Result<AppendPlan> planAppend(const PlanRequest &request, CubeState &cube);

}  // namespace mdimappend
