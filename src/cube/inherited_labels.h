// A group's arrays can lie along a dimension whose labels are in a group around
// it: xarray's DataTree and NetCDF-4 store them so. Whoever lets one of the two
// grow tears the tree, unless the other grows by the same rows in the same
// commit.

#pragma once

#include "cube/target.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"

namespace mdimappend
{

/// Fills in `labelledBy` and `dependents` of a target that was read. Looks into
/// a consolidated copy, or else at documents of the groups around the target
/// and below it.
Status readInheritedLabels(Storage &storage, const Site &site, Target &target);

}  // namespace mdimappend
