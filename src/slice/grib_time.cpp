// Months and years are counted in the calendar.

#include "slice/grib_time.h"

#include "slice/grib_templates.h"

#include <algorithm>
#include <format>

namespace mdimappend
{

namespace
{

namespace chrono = std::chrono;

/// 0 if it is none, or has no fixed length.
chrono::seconds fixedUnit(int edition, long unit)
{
    using namespace std::chrono_literals;
    switch (unit)
    {
    case 0:
        return 1min;
    case 1:
        return 1h;
    case 2:
        return 24h;
    case 10:
        return 3h;
    case 11:
        return 6h;
    case 12:
        return 12h;
    case 13:
        return edition == 1 ? 15min : chrono::seconds(1);
    case 14:
        return edition == 1 ? 30min : 0s;
    case 254:
        return edition == 1 ? 1s : 0s;
    default:
        return 0s;
    }
}

/// 0 if it is none of whole months.
long monthsOfUnit(long unit)
{
    switch (unit)
    {
    case 3:
        return 1;
    case 4:
        return 12;
    case 5:
        return 120;
    case 6:
        return 360;
    case 7:
        return 1200;
    default:
        return 0;
    }
}

chrono::year_month_day dateOf(GribInstant instant)
{
    return chrono::floor<chrono::days>(instant);
}

std::optional<GribInstant> monthsLater(GribInstant from, long months)
{
    constexpr long most = 12L * 10000;
    if (months < -most || months > most)
        return std::nullopt;
    const auto day = chrono::floor<chrono::days>(from);
    const chrono::year_month_day later =
        chrono::year_month_day(day) + chrono::months(months);
    if (!later.ok())
        return std::nullopt;
    return chrono::sys_days(later) + (from - day);
}

}  // namespace

std::optional<GribInstant> gribInstant(GribInstant from, int edition, long unit,
                                       long count)
{
    if (count == 0)
        return from;
    if (const long months = monthsOfUnit(unit))
        return monthsLater(from, months * std::clamp(count, -200000L, 200000L));
    const chrono::seconds length = fixedUnit(edition, unit);
    if (length.count() == 0)
        return std::nullopt;
    return from + length * count;
}

std::optional<GribInstant> gribDate(long year, long month, long day, long hour,
                                    long minute, long second)
{
    const chrono::year_month_day date{
        chrono::year(static_cast<int>(year)),
        chrono::month(static_cast<unsigned>(month)),
        chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 24 || minute > 59 || second > 59)
        return std::nullopt;
    return chrono::sys_days(date) + chrono::hours(hour) +
           chrono::minutes(minute) + chrono::seconds(second);
}

std::optional<GribInstant> gribReference(const GribSections &message)
{
    const auto at = [&](std::size_t first, std::size_t size)
    {
        return static_cast<long>(octetsAt(
            message.edition == 1 ? *message.product : *message.identification,
            first, size));
    };
    if (message.edition == 2)
        return gribDate(at(13, 2), at(15, 1), at(16, 1), at(17, 1), at(18, 1),
                        at(19, 1));
    return gribDate((at(25, 1) - 1) * 100 + at(13, 1), at(14, 1), at(15, 1),
                    at(16, 1), at(17, 1), 0);
}

std::optional<GribInstant> gribValidity(const GribSections &message)
{
    const auto from = gribReference(message);
    if (!from)
        return std::nullopt;
    if (message.edition == 1)
    {
        const auto range = gribRange(*message.product);
        if (!range)
            return std::nullopt;
        return gribInstant(*from, 1,
                           static_cast<long>(octetsAt(*message.product, 18, 1)),
                           range->end);
    }
    const auto numbers = gribNumbers(message);
    if (!numbers)
        return std::nullopt;
    const GribTemplate &layout = *gribTemplate(gribTemplateNumber(message));
    if (layout.end == GribTemplate::End::Period)
    {
        const long *end = &(*numbers)[layout.endAt()];
        return gribDate(end[0], end[1], end[2], end[3], end[4], end[5]);
    }
    const std::size_t at = layout.timeAt();
    return gribInstant(*from, 2, (*numbers)[at], (*numbers)[at + 1]);
}

std::string gribText(GribInstant instant)
{
    return std::format("{:%FT%T}", instant);
}

std::string gribPeriod(std::chrono::seconds length)
{
    const long seconds = static_cast<long>(length.count());
    if (seconds % 3600 == 0)
        return std::to_string(seconds / 3600) + " h";
    if (seconds % 60 == 0)
        return std::to_string(seconds / 60) + " min";
    return std::to_string(seconds) + " s";
}

long calendarMonths(GribInstant begin, GribInstant end)
{
    const auto from = dateOf(begin);
    auto to = dateOf(end);
    if (to.day() != chrono::day(1))
        to = dateOf(end + chrono::days(1));
    if (from.day() != chrono::day(1) || to.day() != chrono::day(1))
        return 0;
    const long years =
        static_cast<int>(to.year()) - static_cast<int>(from.year());
    return 12 * years + static_cast<long>(static_cast<unsigned>(to.month())) -
           static_cast<long>(static_cast<unsigned>(from.month()));
}

std::optional<GribRange> gribRange(const std::string &product)
{
    using Kind = GribRange::Kind;
    const auto octet = [&](std::size_t number)
    { return static_cast<long>(octetsAt(product, number, 1)); };
    const long indicator = octet(21), first = octet(19), second = octet(20);
    if (indicator == 0 || indicator == 1)
        return GribRange{Kind::Moment, first, first};
    if (indicator == 10)
        return GribRange{Kind::Moment, 0, first * 256 + second};
    if (indicator >= 2 && indicator <= 5)
        return GribRange{Kind::Period, first, second};
    if (indicator == 6)
        return GribRange{Kind::Period, -first, -second};
    if (indicator == 7)
        return GribRange{Kind::Period, -first, second};
    if (indicator >= 113 && indicator <= 125)
        return GribRange{Kind::Many, first, first};
    return std::nullopt;
}

}  // namespace mdimappend
