// Whose values a failure is about.

#pragma once

#include "status.h"

#include <string>

namespace mdimappend
{

/// The failure with "array 'sst': " in front; and where its advice is about
/// `--encoding NAME:...`, with the array's name. Conversions know no names.
Status aboutArray(const Status &status, const std::string &array);

}  // namespace mdimappend
