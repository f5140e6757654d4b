// The guard for coordinate reference systems: compared by meaning, never by
// text.

#pragma once

#include "cube/target.h"
#include "slice/slice.h"
#include "status.h"

namespace mdimappend
{

/// Refuses a slice array whose CRS is another than the target array's. One that
/// is not known on either side differs from nothing.
Status checkCrs(const Target &target, const TargetArray &targetArray,
                const Slice &slice, const SliceArray &sliceArray);

}  // namespace mdimappend
