// Which conversion takes an array of the slice to the target's: of times, of
// units, of packing, of types.

#pragma once

#include "convert/conversion.h"
#include "cube/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

namespace mdimappend
{

/// Failure::Refused, without the array's name, where the target's array cannot
/// hold what the slice's may contain.
Result<Conversion> conversionFor(const Target &target,
                                 const TargetArray &targetArray,
                                 const Slice &slice,
                                 const SliceArray &sliceArray,
                                 const AppendOptions &options);

/// Units and calendar of an array; those of its coordinate for a bounds
/// variable, which has none of its own.
struct UnitsOf
{
    std::string units;
    std::string calendar;
};

UnitsOf unitsOf(const Slice &slice, const SliceArray &array);
UnitsOf unitsOf(const Target &target, const TargetArray &array);

}  // namespace mdimappend
