// The state is neither base nor new: somebody else wrote.

#pragma once

#include "status.h"

#include <string>

namespace mdimappend
{

/// Failure::Conflict, and what to do about it.
Status conflict(const std::string &what);

}  // namespace mdimappend
