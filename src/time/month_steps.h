// Steps of calendar months: "1mo" has no fixed length.

#pragma once

#include "time/cf_time.h"

#include <optional>

namespace mdimappend
{

/// How many calendar months `to` is after `from` (negative: before): the same
/// day and time of day (or the month's last day, where it is shorter), both the
/// last day of their months, or both the very middle of their months. Nothing
/// if it is none of these, or the same month.
std::optional<int> monthsBetween(Instant from, Instant to, Calendar calendar);

}  // namespace mdimappend
