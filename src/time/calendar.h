// Calendars: civil dates to day numbers and back, names, what a calendar lacks.
//
// Years here are astronomical (1 BC is year 0, 2 BC is year -1) in all
// calendars; only text knows that some have no year 0 (date_text.cpp).

#pragma once

#include "status.h"
#include "time/cf_time.h"

#include <optional>
#include <string_view>

namespace mdimappend::cf
{

using Int128 = __int128;

struct CivilDate
{
    Int128 year = 0;
    int month = 1;
    int day = 1;

    bool operator==(const CivilDate &) const = default;
};

/// The day, counted as in the Julian calendar, on which the year 0 of the
/// Gregorian one began.
constexpr Int128 gregorianYearZero = 2;

Result<Calendar> parseCalendar(std::string_view name);

std::string_view calendarName(Calendar calendar);

/// Whether text of this calendar may name a year 0.
bool hasYearZero(Calendar calendar);

/// Days since January 1 of year 0; none if the calendar lacks the date. The
/// year must be of at most 30 digits or so, as all from dates and instants are.
std::optional<Int128> dayNumber(const CivilDate &date, Calendar calendar);

CivilDate civilDate(Int128 dayNumber, Calendar calendar);

/// Rounded towards minus infinity; the divisor is positive.
constexpr Int128 floorDivide(Int128 dividend, Int128 divisor)
{
    return dividend / divisor - (dividend % divisor < 0 ? 1 : 0);
}

}  // namespace mdimappend::cf
