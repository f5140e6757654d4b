// The guard for arrays without the append dimension that are no coordinates:
// masks, orography, levels of a model, scalars. The target has one of each,
// which is for all of its steps: a slice with another one says something else.

#pragma once

#include "cube/cube_state.h"
#include "guards/array_guard.h"
#include "guards/target_values.h"
#include "guards/value_comparison.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// One array of the slice, and the same one of the target.
using VisitStatic =
    std::function<Status(const SliceArray &, const TargetArray &)>;

/// Those that are no coordinates and no CRS; until one fails.
Status forEachStatic(const Slice &slice, const Target &target,
                     const VisitStatic &visit);

/// How the slice's values become such as the target's are. Both arrays are of
/// slice and target.
Result<Match> staticMatch(const AppendOptions &options, const Slice &slice,
                          const SliceArray &offered, const Target &target,
                          const TargetArray &present);

/// What is said of an array that differs: what is expected and found.
using Difference = std::optional<std::string>;

Difference explained(const std::optional<ValueDifference> &difference);

/// What cannot be said in the target's encoding is another value.
Result<Difference> differenceOrRefusal(Result<Difference> compared);

/// What the slice has otherwise: for each array what is expected and found, the
/// array's name first. Coordinates (guards/coordinate_guard.h) are left out.
Result<std::vector<std::string>> staticDifferences(const AppendOptions &options,
                                                   const Slice &slice,
                                                   const TargetValues &values,
                                                   CubeState &cube);

/// For the next slice of a batch that makes the target: this slice's values are
/// the target's.
Status keepStatics(const AppendOptions &options, const Slice &slice,
                   const TargetValues &values, CubeState &cube);

/// One refusal of all of them.
Status refuseStatic(const std::vector<std::string> &differences,
                    const std::string &appendDim);

}  // namespace mdimappend
