// Counts the calendar months between two instants: from the same day to the
// same day, from last to last, or from middle to middle.

#include "time/month_steps.h"

#include "time/calendar.h"

#include <algorithm>
#include <cstdint>

namespace mdimappend
{

using namespace cf;

namespace
{

constexpr Instant perDay = Instant{86'400} * 1'000'000'000;

struct Moment
{
    Int128 month = 0;  ///< since year 0
    int day = 1;
    int lastDay = 31;
    Instant timeOfDay = 0;
    bool isMiddle = false;  ///< of its month
};

Int128 firstOfMonth(Int128 month, Calendar calendar)
{
    CivilDate date;
    date.year = floorDivide(month, 12);
    date.month = static_cast<int>(month - date.year * 12) + 1;
    return dayNumber(date, calendar).value_or(0);
}

Moment momentOf(Instant instant, Calendar calendar)
{
    const Int128 day = floorDivide(instant, perDay);
    const CivilDate date = civilDate(day, calendar);
    Moment moment;
    moment.month = date.year * 12 + date.month - 1;
    moment.day = date.day;
    moment.timeOfDay = instant - day * perDay;
    const Int128 first = firstOfMonth(moment.month, calendar);
    const Int128 next = firstOfMonth(moment.month + 1, calendar);
    moment.lastDay = civilDate(next - 1, calendar).day;
    moment.isMiddle = 2 * instant == (first + next) * perDay;
    return moment;
}

}  // namespace

std::optional<int> monthsBetween(Instant from, Instant to, Calendar calendar)
{
    const Moment a = momentOf(from, calendar);
    const Moment b = momentOf(to, calendar);
    const bool sameDay = a.day == b.day ||
                         (b.day == b.lastDay && a.day > b.lastDay) ||
                         (a.day == a.lastDay && b.day > a.lastDay);
    const bool bothLast = a.day == a.lastDay && b.day == b.lastDay;
    const bool alike = (a.timeOfDay == b.timeOfDay && (sameDay || bothLast)) ||
                       (a.isMiddle && b.isMiddle);
    const Int128 months = b.month - a.month;
    if (!alike || months == 0 || months > INT32_MAX || months < -INT32_MAX)
        return std::nullopt;
    return static_cast<int>(months);
}

}  // namespace mdimappend
