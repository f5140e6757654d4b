// Times of GRIB messages, by its units: months and years too, which GDAL's
// driver does not know in edition 1.

#pragma once

#include "slice/grib_sections.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

using GribInstant = std::chrono::sys_seconds;

/// `count` units (code tables 4 of edition 1, and 4.4 of edition 2) after
/// `from`. Nothing if the unit is not known, or that is no date.
std::optional<GribInstant> gribInstant(GribInstant from, int edition, long unit,
                                       long count);

/// Nothing if that is no date.
std::optional<GribInstant> gribDate(long year, long month, long day, long hour,
                                    long minute, long second);

/// The time that the message's forecast begins at. Nothing if it is no date.
std::optional<GribInstant> gribReference(const GribSections &message);

/// The time that the message's field is valid for; the end, if that is a
/// period. Nothing if it cannot be known.
std::optional<GribInstant> gribValidity(const GribSections &message);

/// "2024-01-01T06:00:00"
std::string gribText(GribInstant instant);

/// "6 h", "30 min".
std::string gribPeriod(std::chrono::seconds length);

/// How many whole calendar months that is, if it is such; else 0. Its end may
/// be the last of the times that a statistic is made of, within its last day.
long calendarMonths(GribInstant begin, GribInstant end);

/// Of edition 1, by the indicator of its time range (code table 5).
struct GribRange
{
    enum class Kind
    {
        Moment,
        Period,  ///< from `begin` to `end`
        Many     ///< of several forecasts or analyses
    };

    Kind kind = Kind::Moment;
    long begin = 0;  ///< in units after the reference
    long end = 0;
};

/// Nothing if the indicator is not known here. `product`: section 1.
std::optional<GribRange> gribRange(const std::string &product);

}  // namespace mdimappend
