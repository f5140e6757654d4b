// Reads the names of units of time, and CF's "<unit> since <date>".

#include "time/time_units.h"

#include "time/calendar.h"
#include "time/foreign_text.h"

#include <algorithm>
#include <cstdint>
#include <format>
#include <iterator>
#include <optional>
#include <string>

namespace mdimappend
{

using namespace cf;

namespace
{

constexpr std::int64_t oneNanosecond = 1;
constexpr std::int64_t oneMicrosecond = 1000 * oneNanosecond;
constexpr std::int64_t oneMillisecond = 1000 * oneMicrosecond;
constexpr std::int64_t oneSecond = 1000 * oneMillisecond;
constexpr std::int64_t oneMinute = 60 * oneSecond;
constexpr std::int64_t oneHour = 60 * oneMinute;
constexpr std::int64_t oneDay = 24 * oneHour;
constexpr std::int64_t oneWeek = 7 * oneDay;

struct NamedUnit
{
    std::string_view name;
    std::int64_t nanoseconds;
};

// The first name of a unit is the one that messages have.
constexpr NamedUnit namedUnits[] = {
    {"weeks", oneWeek},
    {"week", oneWeek},
    {"days", oneDay},
    {"day", oneDay},
    {"d", oneDay},
    {"hours", oneHour},
    {"hour", oneHour},
    {"hrs", oneHour},
    {"hr", oneHour},
    {"h", oneHour},
    {"minutes", oneMinute},
    {"minute", oneMinute},
    {"mins", oneMinute},
    {"min", oneMinute},
    {"seconds", oneSecond},
    {"second", oneSecond},
    {"secs", oneSecond},
    {"sec", oneSecond},
    {"s", oneSecond},
    {"milliseconds", oneMillisecond},
    {"millisecond", oneMillisecond},
    {"millisecs", oneMillisecond},
    {"millisec", oneMillisecond},
    {"msecs", oneMillisecond},
    {"msec", oneMillisecond},
    {"ms", oneMillisecond},
    {"microseconds", oneMicrosecond},
    {"microsecond", oneMicrosecond},
    {"microsecs", oneMicrosecond},
    {"microsec", oneMicrosecond},
    {"usecs", oneMicrosecond},
    {"usec", oneMicrosecond},
    {"us", oneMicrosecond},
    {"\xc2\xb5s", oneMicrosecond},
    {"\xce\xbcs", oneMicrosecond},
    {"nanoseconds", oneNanosecond},
    {"nanosecond", oneNanosecond},
    {"nanosecs", oneNanosecond},
    {"nanosec", oneNanosecond},
    {"nsecs", oneNanosecond},
    {"nsec", oneNanosecond},
    {"ns", oneNanosecond},
};

constexpr std::string_view unitsWithoutLength[] = {
    "year",         "years", "yr",     "yrs", "y",    "a",  "common_year",
    "common_years", "month", "months", "mon", "mons", "mo",
};

/// Units that have a length in one calendar only. A "year" is none of these:
/// to udunits it has 365.2425 days in every calendar.
struct CalendarUnit
{
    Calendar calendar;
    std::string_view name;
    std::int64_t nanoseconds;
};

constexpr CalendarUnit calendarUnits[] = {
    {Calendar::Day360, "months", 30 * oneDay},
    {Calendar::Day360, "month", 30 * oneDay},
    {Calendar::NoLeap, "common_years", 365 * oneDay},
    {Calendar::NoLeap, "common_year", 365 * oneDay},
};

struct SplitUnits
{
    std::string_view unit;
    std::string_view epoch;
};

/// Around the first word "since"; none if there is nothing on a side of it.
std::optional<SplitUnits> splitAtSince(std::string_view units)
{
    constexpr std::string_view since = "since";
    const std::string lower = lowerCase(units);
    for (auto at = lower.find(since); at != std::string::npos;
         at = lower.find(since, at + 1))
    {
        const auto after = at + since.size();
        if (at == 0 || !isSpace(lower[at - 1]) || after == lower.size() ||
            !isSpace(lower[after]))
            continue;
        const SplitUnits split{trimmed(units.substr(0, at)),
                               trimmed(units.substr(after))};
        if (split.unit.empty() || split.epoch.empty())
            return std::nullopt;
        return split;
    }
    return std::nullopt;
}

/// `calendar`: of times since a date; durations have none.
Result<Instant> parseUnit(std::string_view text,
                          std::optional<Calendar> calendar = std::nullopt)
{
    const std::string lower = lowerCase(text);
    for (const auto &unit : calendarUnits)
        if (unit.calendar == calendar && unit.name == lower)
            return unit.nanoseconds;
    // To udunits, whose case matters, "Ms" is a megasecond.
    const bool symbol = lower.size() == 2 && lower[1] == 's';
    const std::string name = symbol ? std::string(text) : lower;
    for (const auto &unit : namedUnits)
        if (unit.name == name)
            return unit.nanoseconds;
    if (std::ranges::find(unitsWithoutLength, lower) !=
        std::end(unitsWithoutLength))
        return refused(
            quoted(text) +
            " have no fixed length in this calendar; write the times "
            "in days, hours or seconds");
    return refused(
        quoted(text) +
        " is not a known unit of time; expected one of weeks, days, hours, "
        "minutes, seconds, milliseconds, microseconds, nanoseconds");
}

Result<TimeEncoding> readEncoding(std::string_view units, Calendar calendar)
{
    const auto split = splitAtSince(units);
    if (!split)
        return refused("expected '<unit> since <date>'");
    TimeEncoding encoding;
    encoding.calendar = calendar;
    MDIMAPPEND_ASSIGN(encoding.unit, parseUnit(split->unit, calendar));
    MDIMAPPEND_ASSIGN(encoding.epoch, parseDate(split->epoch, calendar));
    return encoding;
}

}  // namespace

Result<TimeEncoding> TimeEncoding::parse(std::string_view units,
                                         std::string_view calendar)
{
    MDIMAPPEND_ASSIGN(const Calendar known, parseCalendar(trimmed(calendar)));
    auto encoding = readEncoding(units, known);
    if (!encoding)
        return encoding.takeStatus().prefixed("units " + quoted(units));
    return encoding;
}

Result<TimeEncoding> TimeEncoding::parseDuration(std::string_view units)
{
    TimeEncoding encoding;
    encoding.isDuration = true;
    MDIMAPPEND_ASSIGN(encoding.unit, parseUnit(trimmed(units)));
    return encoding;
}

bool looksLikeTime(std::string_view units)
{
    return splitAtSince(units).has_value();
}

std::string cf::described(const TimeEncoding &encoding)
{
    const auto known =
        std::ranges::find(namedUnits, encoding.unit, &NamedUnit::nanoseconds);
    const auto ofCalendar =
        std::ranges::find_if(calendarUnits,
                             [&](const CalendarUnit &unit)
                             {
                                 return unit.calendar == encoding.calendar &&
                                        unit.nanoseconds == encoding.unit;
                             });
    const std::string unit(known != std::end(namedUnits) ? known->name
                           : ofCalendar != std::end(calendarUnits)
                               ? ofCalendar->name
                               : "unknown units");
    if (encoding.isDuration)
        return "'" + unit + "'";
    return "'" + unit + " since " +
           formatDate(encoding.epoch, encoding.calendar) + "' (calendar " +
           std::string(calendarName(encoding.calendar)) + ")";
}

std::string cf::described(Instant instant, const TimeEncoding &encoding)
{
    if (!encoding.isDuration)
        return formatDate(instant, encoding.calendar);
    return std::format("{:.17g} seconds", static_cast<double>(instant) /
                                              static_cast<double>(oneSecond));
}

std::string cf::withUnit(std::string_view units, std::string_view unit)
{
    const auto split = splitAtSince(units);
    return std::string(unit) + " since " +
           std::string(split ? split->epoch : std::string_view());
}

}  // namespace mdimappend
