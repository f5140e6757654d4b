// Whether the packing of a new target was made for values that have a range.

#pragma once

#include "append/plan.h"
#include "slice/slice.h"
#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// A warning for each packed array of a new target of which the slice has one
/// value only, or none: such a packing says nothing of what is to come. Reads
/// no more than shows that there are two; usually that is a block.
Result<std::vector<std::string>> warningsOfPacking(const Slice &slice,
                                                   const AppendPlan &plan);

}  // namespace mdimappend
