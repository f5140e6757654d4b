// A date as it is written, whatever calendar it is in.

#pragma once

#include "status.h"
#include "time/calendar.h"

#include <cstdint>
#include <string_view>

namespace mdimappend
{

inline constexpr std::int64_t nanosecondsPerSecond = 1'000'000'000;

struct WrittenInstant
{
    cf::CivilDate date;            ///< the year as written
    std::int64_t nanoseconds = 0;  ///< since midnight
    int zone = 0;                  ///< minutes east of Greenwich
};

/// Of ISO 8601, and of the looser forms that CF files have: "1-1-1",
/// "2000-01-01 0:0", "20000101T00Z".
Result<WrittenInstant> readWrittenInstant(std::string_view text);

/// As parseDate; a failure says only what is wrong, not with which text.
Result<Instant> readDate(std::string_view text, Calendar calendar);

}  // namespace mdimappend
