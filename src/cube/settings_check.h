// What is wrong with the settings themselves, whatever slices come: it ends a
// run (Failure::Usage), also one that passes over slices that do not fit.

#pragma once

#include "settings/options.h"
#include "settings/zarr_format.h"
#include "status.h"

namespace mdimappend
{

/// Refuses what can be right for no slice and no target. It is asked before
/// anything is read.
Status checkSettings(const AppendOptions &options);

/// Refuses what no new array of this format can have: compressors, filters,
/// shards.
Status checkSettingsFor(ZarrFormat format, const AppendOptions &options);

}  // namespace mdimappend
