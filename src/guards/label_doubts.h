// What is odd about the first labels of a new target, and may still be meant.

#pragma once

#include "cube/labels.h"
#include "slice/slice.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Numbers without units along a dimension of time, which no reader takes for
/// dates; dates that are not of our era, or of another millennium.
std::vector<std::string> doubtsAbout(const Slice &slice, const Labels &labels);

}  // namespace mdimappend
