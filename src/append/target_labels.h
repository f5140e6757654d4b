// Reads as many of a target's labels as are needed, into what is known of the
// cube.

#pragma once

#include "append/logged_slices.h"
#include "cube/cube_state.h"
#include "guards/target_values.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"

namespace mdimappend
{

/// The last ones; all of them, if the log does not know them to be in order:
/// whoever reads few labels reads as many of a target of any length.
Status readLastLabels(LoggedSlices &log, Storage &storage, const Site &site,
                      TargetValues &values, CubeState &cube);

/// The others, too.
Status readAllLabels(TargetValues &values, CubeState &cube);

}  // namespace mdimappend
