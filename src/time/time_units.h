// Units of time: names to nanoseconds, and an encoding in words.

#pragma once

#include "time/cf_time.h"

#include <string>
#include <string_view>

namespace mdimappend::cf
{

/// "'days since 1950-01-01' (calendar standard)", or "'days'" of durations, for
/// messages.
std::string described(const TimeEncoding &encoding);

/// A date, or the length of a duration, for messages.
std::string described(Instant instant, const TimeEncoding &encoding);

/// `units` with another unit and the epoch as it is spelled: "seconds since
/// 2000-01-01" for "hours since 2000-01-01".
std::string withUnit(std::string_view units, std::string_view unit);

}  // namespace mdimappend::cf
