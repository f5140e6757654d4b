// What GDAL's GRIB driver puts in place of values that a message leaves out. It
// tells so of an array's first message only, and some of these are values, too.

#pragma once

#include "slice/grib_sections.h"

#include <span>
#include <vector>

namespace mdimappend
{

/// For one message: what stands for missing values in what GDAL reads, and
/// whether one of these may be a value as well.
struct GribMissing
{
    std::vector<double> values{};
    bool isInDoubt = false;
};

GribMissing gribMissing(const GribSections &message);

/// Of a message in doubt, by all that GDAL reads of it: as many are missing as
/// its bitmap leaves out. Failure::Refused, without the array's name: they
/// cannot be told from values.
Result<std::vector<double>> missingAmong(const GribSections &message,
                                         std::span<const double> read);

}  // namespace mdimappend
