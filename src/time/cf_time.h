// CF time: units ("days since 1950-01-01 06:00:00 +02:00"), calendars, and
// exact conversion between encodings. Never a rounded date.

#pragma once

#include "status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

enum class Calendar
{
    Standard,            ///< standard, gregorian: Julian before 1582-10-15
    ProlepticGregorian,
    Julian,
    NoLeap,              ///< noleap, 365_day
    AllLeap,             ///< all_leap, 366_day
    Day360               ///< 360_day
};

/// Nanoseconds since 0000-01-01 (year 0 exists) 00:00 UTC of one calendar. 128
/// bits: no date of any file overflows.
using Instant = __int128;

struct TimeEncoding
{
    Calendar calendar = Calendar::Standard;
    Instant unit = 0;   ///< nanoseconds of one unit (days, hours, ... ns)
    Instant epoch = 0;

    /// "" as calendar means standard. Fails on units that are no time since
    /// something, on months and years (no fixed length), on unknown calendars,
    /// on dates that the calendar does not have.
    static Result<TimeEncoding> parse(std::string_view units,
                                      std::string_view calendar);
};

/// Whether `units` has the form "<something> since <something>".
bool looksLikeTime(std::string_view units);

/// An ISO 8601 date or date-time ("2020-01", "2020-01-31", "20200131T060000Z",
/// "2020-01-31 06:00:00.25+02:00"); no zone means UTC.
Result<Instant> parseDate(std::string_view text, Calendar calendar);

/// "2020-01-31" if midnight, else "2020-01-31T06:00:00[.fraction]".
std::string formatDate(Instant instant, Calendar calendar);

/// Values of an encoding as instants. A double stands for the nearest multiple
/// of 1 ns unless no tick of ns, us, ms, s lies within 1 ulp of it: then the
/// nearest nanosecond is taken only if it is within 1 ulp, else it fails. NaN
/// and infinities fail.
Result<Instant> decodeTime(double value, const TimeEncoding &encoding);
Result<Instant> decodeTime(std::int64_t value, const TimeEncoding &encoding);

/// The value that stands for an instant; fails if it is no whole number of
/// units (integers), or if decoding the nearest double would give another
/// instant.
Result<std::int64_t> encodeTimeAsInteger(Instant instant,
                                         const TimeEncoding &encoding);
Result<double> encodeTimeAsDouble(Instant instant,
                                  const TimeEncoding &encoding);

/// The instant as another calendar has it, by its civil date (the same year,
/// month, day and time of day); fails where that calendar has no such date or
/// where the calendars differ for that date's meaning (noleap to standard is
/// refused; standard and proleptic_gregorian agree from 1582-10-15 on).
Result<Instant> changeCalendar(Instant instant, Calendar from, Calendar to);

}  // namespace mdimappend
