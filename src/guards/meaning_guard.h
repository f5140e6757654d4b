// The guard for what numbers mean that no unit says: flags, and what CF calls
// the quantity.

#pragma once

#include "cube/target.h"
#include "slice/slice.h"
#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Failure::Refused, without the array's name, if a flag of the slice has
/// another meaning in the target.
Status checkFlags(const Json &slice, const Json &target);

/// What is worth a warning: each array that has, by its attributes, another
/// quantity, direction or cell method than the target's, or flags that the
/// target does not list.
std::vector<std::string> otherMeanings(const Slice &slice,
                                       const Target &target);

}  // namespace mdimappend
