// Units of time: names to nanoseconds, and an encoding in words.

#pragma once

#include "time/cf_time.h"

#include <string>

namespace mdimappend::cf
{

/// "'days since 1950-01-01' (calendar standard)", for messages.
std::string described(const TimeEncoding &encoding);

}  // namespace mdimappend::cf
