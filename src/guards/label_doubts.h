// What is odd about labels, and may still be meant.

#pragma once

#include "cube/labels.h"
#include "slice/slice.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Dates that are not of our era, or of another millennium.
std::vector<std::string> farDates(const Slice &slice, const Labels &labels);

/// Of a new target's first labels: far dates, and numbers without units along
/// a dimension of time, which no reader takes for dates.
std::vector<std::string> doubtsAboutFirst(const Slice &slice,
                                          const Labels &labels);

}  // namespace mdimappend
