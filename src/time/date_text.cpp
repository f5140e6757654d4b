// Makes instants of dates as text, in a calendar, and writes instants as ISO
// 8601.

#include "time/calendar.h"
#include "time/foreign_text.h"
#include "time/written_instant.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace mdimappend
{

using namespace cf;

namespace
{

constexpr std::int64_t secondsPerDay = 86'400;

Result<Int128> writtenDayNumber(CivilDate date, Calendar calendar)
{
    const std::string name(calendarName(calendar));
    if (!hasYearZero(calendar) && date.year == 0)
        return refused("calendar " + name +
                       " has no year 0 (year -1 is followed by year 1)");
    if (!hasYearZero(calendar) && date.year < 0)
        ++date.year;
    const auto day = dayNumber(date, calendar);
    if (!day)
        return refused("calendar " + name + " has no such date");
    return *day;
}

/// At least `width` digits.
std::string padded(Int128 value, std::size_t width)
{
    std::string digits;
    const bool negative = value < 0;
    for (; value != 0; value /= 10)
    {
        const auto digit = static_cast<int>(value % 10);
        digits += static_cast<char>('0' + (negative ? -digit : digit));
    }
    if (digits.size() < width)
        digits.resize(width, '0');
    if (negative)
        digits += '-';
    std::ranges::reverse(digits);
    return digits;
}

std::string formatTimeOfDay(std::int64_t nanoseconds)
{
    const std::int64_t seconds = nanoseconds / nanosecondsPerSecond;
    std::string text = "T" + padded(seconds / 3600, 2) + ":" +
                       padded(seconds / 60 % 60, 2) + ":" +
                       padded(seconds % 60, 2);
    if (const auto fraction = nanoseconds % nanosecondsPerSecond)
    {
        text += "." + padded(fraction, 9);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text;
}

}  // namespace

Result<Instant> readDate(std::string_view text, Calendar calendar)
{
    MDIMAPPEND_ASSIGN(const auto written, readWrittenInstant(text));
    MDIMAPPEND_ASSIGN(const Int128 day,
                      writtenDayNumber(written.date, calendar));
    const Int128 seconds = day * secondsPerDay - Int128{written.zone} * 60;
    return seconds * nanosecondsPerSecond + written.nanoseconds;
}

Result<Instant> parseDate(std::string_view text, Calendar calendar)
{
    auto instant = readDate(text, calendar);
    if (!instant)
        return instant.takeStatus().prefixed("date " + quoted(text));
    return instant;
}

std::string formatDate(Instant instant, Calendar calendar)
{
    constexpr Int128 perDay = Int128{secondsPerDay} * nanosecondsPerSecond;
    const Int128 day = floorDivide(instant, perDay);
    const CivilDate date = civilDate(day, calendar);
    const bool shifted = !hasYearZero(calendar) && date.year <= 0;
    const std::string text = padded(date.year - (shifted ? 1 : 0), 4) + "-" +
                             padded(date.month, 2) + "-" + padded(date.day, 2);
    // It is a remainder by modulus, since day * perDay may lie below the
    // smallest Instant.
    const auto rest =
        static_cast<std::int64_t>((instant % perDay + perDay) % perDay);
    return rest == 0 ? text : text + formatTimeOfDay(rest);
}

}  // namespace mdimappend
