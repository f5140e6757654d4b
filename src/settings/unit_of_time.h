// Units of time as people write them, in options and settings: "1d", "5 min",
// "2 days".

#pragma once

#include <string>
#include <string_view>

namespace mdimappend
{

/// The unit's short name, whatever its spelling: ns, us, ms, s, min, h, D, W,
/// mo or Y. Spaces may come before it. Empty if it is none, and for "m" and
/// "M", which some take for minutes and some for months.
std::string unitOfTime(std::string_view spelling);

/// Whether it is "m" or "M".
bool isMinuteOrMonth(std::string_view spelling);

}  // namespace mdimappend
