// CF time: units ("days since 1950-01-01 06:00:00 +02:00"), calendars, and
// exact conversion between encodings. Never a rounded date.
//
// Texts that cannot be understood, and values and instants that cannot be held
// exactly, fail as Failure::Refused: they are a slice's, mostly, and whoever
// has them from elsewhere (settings, the target) says so.
//
// Year 0, as CF and cftime have it: proleptic_gregorian, noleap, all_leap and
// 360_day have one (1 BC is year 0); standard and julian have none (1 BC is
// year -1), there "0000-01-01" is refused, as a date and as an epoch.

#pragma once

#include "status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace mdimappend
{

enum class Calendar
{
    Standard,            ///< standard, gregorian: Julian before 1582-10-15,
                         ///< the day after 1582-10-04
    ProlepticGregorian,  ///< proleptic_gregorian
    Julian,              ///< julian
    NoLeap,              ///< noleap, 365_day
    AllLeap,             ///< all_leap, 366_day
    Day360               ///< 360_day
};

/// Nanoseconds since January 1, 1 BC, 00:00 UTC of one calendar. 128 bits: no
/// date of any file overflows.
using Instant = __int128;

struct TimeEncoding
{
    Calendar calendar = Calendar::Standard;
    Instant unit = 0;  ///< nanoseconds of one unit (weeks, days, hours, ... ns)
    Instant epoch = 0;
    /// Durations, which have no epoch: instants are then their lengths.
    bool isDuration = false;

    /// "" as calendar means standard; letter case is of no matter (but "ms",
    /// "us" and "ns" are lower case: "Ms" is a megasecond to udunits). Fails on
    /// units that are no time since something, on months and years (which have
    /// no fixed length, but for "months" in 360_day and "common_years" in
    /// noleap), on unknown calendars, on dates that the calendar does not have.
    static Result<TimeEncoding> parse(std::string_view units,
                                      std::string_view calendar);

    /// Of units without "since" ("hours"); fails on those that are no time or
    /// have no fixed length.
    static Result<TimeEncoding> parseDuration(std::string_view units);
};

/// Whether `units` has the form "<something> since <something>".
bool looksLikeTime(std::string_view units);

/// An ISO 8601 date or date-time ("2020-01", "2020-01-31", "20200131T060000Z",
/// "2020-01-31 06:00:00.25+02:00"), or what CF files have in its place
/// ("1-1-1 0:0:0.0", "2000-1-1 06", zones "UTC", "GMT", "-9", "-6:00", "-9h");
/// no zone means UTC. A year alone has at most four digits. Fails on leap
/// seconds, 24:00, fractions finer than a nanosecond, years beyond 9 digits.
Result<Instant> parseDate(std::string_view text, Calendar calendar);

/// "2020-01-31" if midnight, else "2020-01-31T06:00:00[.fraction]".
std::string formatDate(Instant instant, Calendar calendar);

/// Values of an encoding as instants. A floating point value stands for the
/// nearest multiple of 1 s since the epoch if that lies within 1 ulp of it (one
/// unit in the last place of the type it was stored with), else of 1 ms, 1 us,
/// 1 ns; fails if none does. So 0.041666666666666664 days are 3600 s, and
/// 1e-20 days fail. NaN, infinities and overflow fail.
Result<Instant> decodeTime(double value, const TimeEncoding &encoding);
Result<Instant> decodeTime(float value, const TimeEncoding &encoding);
Result<Instant> decodeTime(std::int64_t value, const TimeEncoding &encoding);

/// The value that stands for an instant; fails if it is no whole number of
/// units (integers), or if decoding the nearest floating point number would
/// give another instant.
Result<std::int64_t> encodeTimeAsInteger(Instant instant,
                                         const TimeEncoding &encoding);
Result<double> encodeTimeAsDouble(Instant instant,
                                  const TimeEncoding &encoding);
Result<float> encodeTimeAsFloat(Instant instant, const TimeEncoding &encoding);

/// One element of int64 that stands for a missing time wherever times are
/// int64: NumPy's NaT, which xarray stores, whether or not an attribute says
/// so.
std::string notATime();

/// The instant as another calendar has it, by its civil date (the same year,
/// month, day and time of day); fails where that calendar has no such date or
/// means another day by it. Standard and proleptic_gregorian agree from
/// 1582-10-15 on, standard and julian up to 1582-10-04, Julian and Gregorian
/// dates from 200-03-01 to 300-02-28. The model calendars (noleap, all_leap,
/// 360_day) agree with none.
Result<Instant> changeCalendar(Instant instant, Calendar from, Calendar to);

}  // namespace mdimappend
