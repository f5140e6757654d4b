// The guard for arrays without the append dimension that are no coordinates:
// masks, orography, levels of a model, scalars. The target has one of each,
// which is for all of its steps: a slice with another one says something else.

#pragma once

#include "cube/cube_state.h"
#include "guards/target_values.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

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
