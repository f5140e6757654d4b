// CF times of one encoding as those of another: the same instants, exactly, or
// refused.

#pragma once

#include "status.h"
#include "time/cf_time.h"

#include <gdal.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// One side of a conversion of times.
struct TimeForm
{
    GDALDataType type = GDT_Unknown;
    TimeEncoding encoding;
    std::optional<std::string> missing;  ///< one element, native byte order
    /// Elements that readers take for missing besides that one.
    std::vector<std::string> alsoMissing = {};
};

/// Missing times, NaN and NaT become the target's missing value; NaN in a
/// floating target without one; else they are refused. So is a time that would
/// be stored as what stands for missing.
Status convertTimes(const TimeForm &from, const TimeForm &to,
                    const void *source, void *target, std::size_t count);

/// One number of any real type, as int64 (integers) or double, to an instant.
Result<Instant> decodeTimeElement(const void *element, GDALDataType type,
                                  const TimeEncoding &encoding);

/// An instant into one element of `type`.
Status encodeTimeElement(Instant instant, const TimeEncoding &encoding,
                         GDALDataType type, void *element);

}  // namespace mdimappend
