// Counts days in the calendars of CF, by exact integer arithmetic.

#include "time/calendar.h"

#include "time/foreign_text.h"

#include <array>
#include <string>

namespace mdimappend::cf
{

namespace
{

struct NamedCalendar
{
    std::string_view name;
    Calendar calendar;
};

// The first name of a calendar is the one that messages have.
constexpr NamedCalendar namedCalendars[] = {
    {"standard", Calendar::Standard},
    {"gregorian", Calendar::Standard},
    {"proleptic_gregorian", Calendar::ProlepticGregorian},
    {"julian", Calendar::Julian},
    {"noleap", Calendar::NoLeap},
    {"365_day", Calendar::NoLeap},
    {"all_leap", Calendar::AllLeap},
    {"366_day", Calendar::AllLeap},
    {"360_day", Calendar::Day360},
};

/// What files have in place of a name that CF knows. Readers do not decode
/// them, so they are not taken either, but the way out is told.
struct MistakenCalendar
{
    std::string_view name;
    std::string_view meant;
};

constexpr MistakenCalendar mistakenCalendars[] = {
    {"360", "360_day"},      {"360day", "360_day"},
    {"360_days", "360_day"}, {"365", "365_day"},
    {"365day", "365_day"},   {"365_days", "365_day"},
    {"no_leap", "noleap"},   {"366", "366_day"},
    {"allleap", "all_leap"}, {"gregorian_proleptic", "proleptic_gregorian"},
};

bool isLeapYear(Int128 year, Calendar calendar)
{
    switch (calendar)
    {
    case Calendar::AllLeap:
        return true;
    case Calendar::Julian:
        return year % 4 == 0;
    case Calendar::ProlepticGregorian:
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    default:
        return false;
    }
}

/// Days from January 1 of year 0 to January 1 of `year`; not for Standard.
Int128 daysBeforeYear(Int128 year, Calendar calendar)
{
    const auto multiplesBefore = [year](int n)
    { return floorDivide(year + n - 1, n); };
    switch (calendar)
    {
    case Calendar::Day360:
        return 360 * year;
    case Calendar::AllLeap:
        return 366 * year;
    case Calendar::Julian:
        return 365 * year + multiplesBefore(4);
    case Calendar::ProlepticGregorian:
        return 365 * year + multiplesBefore(4) - multiplesBefore(100) +
               multiplesBefore(400);
    default:
        return 365 * year;
    }
}

int daysInMonth(Int128 year, int month, Calendar calendar)
{
    constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30,
                                          31, 31, 30, 31, 30, 31};
    if (calendar == Calendar::Day360)
        return 30;
    return days[month - 1] + (month == 2 && isLeapYear(year, calendar));
}

std::optional<Int128> uniformDayNumber(const CivilDate &date, Calendar calendar)
{
    if (date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > daysInMonth(date.year, date.month, calendar))
        return std::nullopt;
    Int128 number = daysBeforeYear(date.year, calendar) + date.day - 1;
    for (int month = 1; month < date.month; ++month)
        number += daysInMonth(date.year, month, calendar);
    return number;
}

CivilDate uniformCivilDate(Int128 number, Calendar calendar)
{
    // The estimate is off by a year at most, whichever the calendar:
    // 146097 days are 400 Gregorian years.
    const Int128 perFourCenturies = daysBeforeYear(400, calendar);
    CivilDate date{floorDivide(number * 400, perFourCenturies), 1, 1};
    while (daysBeforeYear(date.year, calendar) > number)
        --date.year;
    while (daysBeforeYear(date.year + 1, calendar) <= number)
        ++date.year;

    auto rest = static_cast<int>(number - daysBeforeYear(date.year, calendar));
    while (rest >= daysInMonth(date.year, date.month, calendar))
        rest -= daysInMonth(date.year, date.month++, calendar);
    date.day = rest + 1;
    return date;
}

// 1582-10-15 (Gregorian), 1582-10-05 (Julian): Julian day 2299161, where the
// Julian year 0 began on 1721058.
constexpr Int128 firstGregorianDay = 2299161 - 1721058;

std::optional<Int128> standardDayNumber(const CivilDate &date)
{
    const auto gregorian = uniformDayNumber(date, Calendar::ProlepticGregorian);
    if (gregorian && *gregorian + gregorianYearZero >= firstGregorianDay)
        return *gregorian + gregorianYearZero;
    const auto julian = uniformDayNumber(date, Calendar::Julian);
    if (julian && *julian < firstGregorianDay)
        return julian;
    return std::nullopt;
}

CivilDate standardCivilDate(Int128 number)
{
    if (number < firstGregorianDay)
        return uniformCivilDate(number, Calendar::Julian);
    return uniformCivilDate(number - gregorianYearZero,
                            Calendar::ProlepticGregorian);
}

}  // namespace

Result<Calendar> parseCalendar(std::string_view name)
{
    if (name.empty())
        return Calendar::Standard;
    const std::string lower = lowerCase(name);
    for (const auto &known : namedCalendars)
        if (known.name == lower)
            return known.calendar;
    std::string way;
    for (const auto &mistaken : mistakenCalendars)
        if (mistaken.name == lower)
            way = ". If " + std::string(mistaken.meant) +
                  " is meant, correct the attribute in a copy of the slice "
                  "(ncatted -a calendar,NAME,o,c," +
                  std::string(mistaken.meant) + " FILE)";
    return refused("calendar " + quoted(name) +
                   " is unknown; expected one of standard, gregorian, "
                   "proleptic_gregorian, julian, noleap, 365_day, all_leap, "
                   "366_day, 360_day" +
                   way);
}

std::string_view calendarName(Calendar calendar)
{
    for (const auto &known : namedCalendars)
        if (known.calendar == calendar)
            return known.name;
    return "unknown";
}

bool hasYearZero(Calendar calendar)
{
    return calendar != Calendar::Standard && calendar != Calendar::Julian;
}

std::optional<Int128> dayNumber(const CivilDate &date, Calendar calendar)
{
    return calendar == Calendar::Standard ? standardDayNumber(date)
                                          : uniformDayNumber(date, calendar);
}

CivilDate civilDate(Int128 dayNumber, Calendar calendar)
{
    return calendar == Calendar::Standard
               ? standardCivilDate(dayNumber)
               : uniformCivilDate(dayNumber, calendar);
}

}  // namespace mdimappend::cf
