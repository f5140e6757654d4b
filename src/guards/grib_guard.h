// The guard for fields of GRIB: one of another member or statistic than the
// target's is another array, whatever its name.

#pragma once

#include "cube/target.h"
#include "slice/slice.h"
#include "status.h"

#include <string>

namespace mdimappend
{

/// Failure::Refused, without the array's name, if what the slice's attributes
/// say of its product is not what the target's say. Members are compared where
/// the target grows along time: it may grow by members.
Status checkGribProduct(const Target &target, const TargetArray &array,
                        const SliceArray &slice);

/// A sentence on an array of the slice that is `missing` under another name, or
/// the same accumulation over another period, which has another name for that;
/// or "".
std::string otherGribName(const Slice &slice, const TargetArray &missing);

}  // namespace mdimappend
