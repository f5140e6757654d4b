// Arrays that a slice has once and the target has for each step: latitudes of a
// swath, a time of a forecast.

#pragma once

#include "cube/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <memory>

namespace mdimappend
{

/// The slice, with the append dimension in front of arrays that have it in the
/// target and lack it in the slice; of those that the user names, where the
/// target is to be made. Failure::Refused: the slice does not have one that is
/// named, or all steps must have it in common.
Result<std::unique_ptr<Slice>> withVaryingArrays(std::unique_ptr<Slice> slice,
                                                 const Target &target,
                                                 const AppendOptions &options);

}  // namespace mdimappend
