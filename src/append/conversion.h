// How a slice's elements become the target's: nothing to do, a widening that
// loses nothing, a check for truth values, or another time encoding.

#pragma once

#include "status.h"
#include "time/cf_time.h"

#include <gdal.h>

#include <cstddef>
#include <optional>
#include <string>

namespace mdimappend
{

class Conversion
{
  public:
    /// Elements are taken as they are.
    static Conversion none(std::size_t elementSize);

    /// Numbers of one type as those of another that holds each of its values.
    static Conversion widening(GDALDataType from, GDALDataType to);

    /// Bytes that the target stores as truth values: 0 or 1, else refused.
    static Conversion truthValues();

    /// CF times of one encoding as those of another; the missing value stays
    /// missing.
    static Conversion time(GDALDataType fromType, const TimeEncoding &from,
                           GDALDataType toType, const TimeEncoding &to,
                           const std::optional<std::string> &missingFrom,
                           const std::optional<std::string> &missingTo);

    bool isNone() const
    {
        return m_kind == Kind::None;
    }

    std::size_t sourceSize() const
    {
        return m_sourceSize;
    }

    /// Converts `count` elements. Fails on a time that the target's encoding
    /// cannot hold exactly.
    Status apply(const void *source, void *target, std::size_t count) const;

  private:
    enum class Kind
    {
        None,
        Widening,
        TruthValues,
        Time
    };

    Status applyTime(const char *source, char *target, std::size_t count) const;

    Kind m_kind = Kind::None;
    std::size_t m_sourceSize = 0;
    std::size_t m_targetSize = 0;
    GDALDataType m_from = GDT_Unknown;
    GDALDataType m_to = GDT_Unknown;
    TimeEncoding m_fromTime;
    TimeEncoding m_toTime;
    std::optional<std::string> m_missingFrom;
    std::optional<std::string> m_missingTo;
};

/// Whether `to` holds every value of `from` exactly.
bool isLosslessWidening(GDALDataType from, GDALDataType to);

/// One number of any real type, as int64 (integers) or double, to an instant.
Result<Instant> decodeTimeElement(const void *element, GDALDataType type,
                                  const TimeEncoding &encoding);

/// An instant into one element of `type`.
Status encodeTimeElement(Instant instant, const TimeEncoding &encoding,
                         GDALDataType type, void *element);

}  // namespace mdimappend
