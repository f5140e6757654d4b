// Finds the same date in another calendar, where it is the same day.

#include "time/calendar.h"

#include <string>
#include <string_view>

namespace mdimappend
{

using namespace cf;

namespace
{

bool followsTheSun(Calendar calendar)
{
    return calendar == Calendar::Standard || calendar == Calendar::Julian ||
           calendar == Calendar::ProlepticGregorian;
}

/// One count of days for the calendars that name real days.
Int128 realDay(Int128 number, Calendar calendar)
{
    return number +
           (calendar == Calendar::ProlepticGregorian ? gregorianYearZero : 0);
}

}  // namespace

Result<Instant> changeCalendar(Instant instant, Calendar from, Calendar to)
{
    if (from == to)
        return instant;
    constexpr Instant day = Instant{86'400} * 1'000'000'000;
    const Int128 number = floorDivide(instant, day);
    const auto changed = dayNumber(civilDate(number, from), to);
    const auto complaint = [&](std::string_view what)
    {
        return refused(formatDate(instant, from) + " (calendar " +
                       std::string(calendarName(from)) +
                       "): " + std::string(what) + " in calendar " +
                       std::string(calendarName(to)));
    };
    if (!changed)
        return complaint("there is no such date");
    if (!followsTheSun(from) || !followsTheSun(to) ||
        realDay(number, from) != realDay(*changed, to))
        return complaint("the same date is another day");
    return instant + (*changed - number) * day;
}

}  // namespace mdimappend
