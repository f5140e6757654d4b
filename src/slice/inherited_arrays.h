// What a group has from those above it, by the rule of NetCDF-4: what is
// defined in a group is seen in all below, unless one of them defines its own.
//
// Arrays come along that a group's own need: coordinates of their dimensions,
// and what their attributes refer to. Attributes of groups above do not.

#pragma once

#include "slice/char_arrays.h"
#include "slice/multidim_array.h"
#include "slice/slice_source.h"
#include "status.h"

namespace mdimappend
{

/// Adds them behind the group's own, each from the nearest group above that has
/// one of the name. References by paths ("/lat", "../lat") that lead to one of
/// these groups become names, as they are all arrays of one group in the
/// target. `opened`: what `contents` was made of.
Status addInherited(SourceContents &contents, OpenedArrays &opened,
                    const MultidimSource &source, const SliceRequest &request);

}  // namespace mdimappend
