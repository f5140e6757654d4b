// Which rows of a slice are new, and what becomes of those that are in the
// target already (`--on-duplicate`).

#pragma once

#include "append/plan_request.h"
#include "chunks/slab.h"
#include "cube/cube_state.h"
#include "guards/array_guard.h"
#include "guards/target_values.h"
#include "status.h"

#include <optional>
#include <vector>

namespace mdimappend
{

struct RowDecision
{
    Labels labels;  ///< the slice's, in the target's terms
    std::optional<LabelledRows> labelled;
    std::uint64_t firstNew = 0;
    std::uint64_t rows = 0;        ///< new ones
    std::uint64_t present = 0;     ///< stay as they are
    std::vector<RowRun> replaced;  ///< are written anew, by targetRow
    std::uint64_t replacedRows = 0;
    /// Some are there that this very commit brings: only once it is committed
    /// can they be compared. Nothing else holds then.
    bool needsCommit = false;
    /// The record that says that this very file brought the rows; 0: none was
    /// found, or looked for.
    std::uint64_t broughtBy = 0;
};

/// Reads as many of the target's labels as it needs (kept in `cube`), and
/// compares values where the policy asks for it. Failure::Refused without the
/// slice's name.
Result<RowDecision> decideRows(const PlanRequest &request, CubeState &cube,
                               TargetValues &values,
                               const std::vector<Match> &matches);

}  // namespace mdimappend
