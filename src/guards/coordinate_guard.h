// The coordinates of the other dimensions that a cube keeps in mind, and the
// check of a slice's against them.

#pragma once

#include "cube/cube_state.h"
#include "guards/target_values.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

namespace mdimappend
{

/// Failure::Refused if a coordinate of the slice differs from the cube's.
Status checkCoordinates(const AppendOptions &options, const Slice &slice,
                        TargetValues &values, CubeState &cube);

/// Reads all 1D coordinates of the target.
Status readCoordinates(TargetValues &values, CubeState &cube);

/// Keeps those of the slice that makes the target.
Status keepCoordinates(const AppendOptions &options, const Slice &slice,
                       CubeState &cube);

}  // namespace mdimappend
