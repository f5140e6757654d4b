// Ranges of valid values, by which NetCDF's and GDAL's readers mask.

#pragma once

#include "cube/target.h"
#include "slice/slice.h"

#include <string>

namespace mdimappend
{

/// A warning where both the target and the slice say which values are valid,
/// and not the same ones: readers that go by that mask the slice's values
/// otherwise than in its own file. xarray does not, and the values are stored
/// as they are, so this is no reason to refuse. "" where nothing is to be said,
/// or where other units keep the two from being compared.
std::string validRangeWarning(const TargetArray &target,
                              const SliceArray &slice);

}  // namespace mdimappend
