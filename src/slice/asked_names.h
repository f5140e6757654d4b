// Whether names and patterns that the settings ask for can be such at all,
// whatever the slice.

#pragma once

#include "status.h"

#include <map>
#include <string>

namespace mdimappend
{

/// Failure::Usage: a name that no array can have.
Status checkNewNames(const std::map<std::string, std::string> &renamed);

/// "" or `--label-from`. Failure::Usage: neither of the two forms, an unknown
/// code, no year.
Status checkLabelFrom(const std::string &labelFrom);

}  // namespace mdimappend
