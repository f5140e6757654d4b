// What a plan must not do, whatever slice and target say: begin or end within
// chunks (--require-aligned), replace a shard that somebody may be reading, or
// be larger than a commit can be.

#pragma once

#include "append/duplicates.h"
#include "append/plan.h"
#include "chunks/chunk_grid.h"
#include "cube/cube_state.h"
#include "settings/options.h"
#include "status.h"

#include <cstdint>

namespace mdimappend
{

/// Of rows [before, size) along the append dimension.
Status checkAlignment(const AppendOptions &options, const TargetArray &array,
                      std::uint64_t before, std::uint64_t size);

/// `cube`: as it is before these rows.
Status checkShards(const AppendOptions &options, const CubeState &cube,
                   const RowDecision &rows, const TargetArray &array,
                   const TouchedBoxes &boxes);

/// A record is kept of each chunk until the commit, and arrays of 2^63 elements
/// cannot be opened.
Status checkExtent(const AppendPlan &plan);

}  // namespace mdimappend
