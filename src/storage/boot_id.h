// The boot of the running system: what was not synced is gone after the next
// one.

#pragma once

#include <string>

namespace mdimappend
{

/// Its id, "" where there is none.
std::string bootId();

}  // namespace mdimappend
