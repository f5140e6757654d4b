// What a new target cannot say as its first slice does. It is said to the user,
// once, when it is made.

#pragma once

#include "json/json_text.h"
#include "slice/slice.h"
#include "zarr/documents.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Colour tables, ranges of valid values and attributes that are left out, and
/// attributes that strict JSON does not have. Each array's path is `group` and
/// its name.
std::vector<std::string> creationWarnings(const Slice &slice,
                                          const std::string &group,
                                          const std::vector<NewArray> &arrays);

/// The names of attributes with a NaN or an infinity, which readers of strict
/// JSON take for a damaged document.
std::vector<std::string> notStrictJson(const Json &attributes);

/// A warning of those of the target's group; "" if there are none.
std::string groupWarning(const Json &attributes);

}  // namespace mdimappend
