#include "append/conversion.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace mdimappend
{

namespace
{

bool isWideInteger(GDALDataType type)
{
    return type == GDT_Int64 || type == GDT_UInt64;
}

bool isReal(GDALDataType type)
{
    return !GDALDataTypeIsComplex(type);
}

Status checkTruthValues(const unsigned char *values, std::size_t count)
{
    const auto *end = values + count;
    const auto *found = std::find_if(values, end, [](unsigned char value)
                                     { return value > 1; });
    if (found == end)
        return Status::ok();
    return refused("the value " + std::to_string(int{*found}) +
                   " is neither 0 nor 1, and the target is of type bool.");
}

}  // namespace

bool isLosslessWidening(GDALDataType from, GDALDataType to)
{
    if (from == to)
        return true;
    if (isWideInteger(from) && !GDALDataTypeIsInteger(to))
        return false;
    return GDALDataTypeUnion(from, to) == to;
}

Conversion Conversion::none(std::size_t elementSize)
{
    Conversion conversion;
    conversion.m_sourceSize = conversion.m_targetSize = elementSize;
    return conversion;
}

Conversion Conversion::widening(GDALDataType from, GDALDataType to)
{
    Conversion conversion;
    conversion.m_kind = Kind::Widening;
    conversion.m_from = from;
    conversion.m_to = to;
    conversion.m_sourceSize =
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(from));
    conversion.m_targetSize =
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(to));
    return conversion;
}

Conversion Conversion::truthValues()
{
    Conversion conversion = none(1);
    conversion.m_kind = Kind::TruthValues;
    return conversion;
}

Conversion Conversion::time(GDALDataType fromType, const TimeEncoding &from,
                            GDALDataType toType, const TimeEncoding &to,
                            const std::optional<std::string> &missingFrom,
                            const std::optional<std::string> &missingTo)
{
    Conversion conversion = widening(fromType, toType);
    conversion.m_kind = Kind::Time;
    conversion.m_fromTime = from;
    conversion.m_toTime = to;
    conversion.m_missingFrom = missingFrom;
    conversion.m_missingTo = missingTo;
    return conversion;
}

Status Conversion::apply(const void *source, void *target,
                         std::size_t count) const
{
    switch (m_kind)
    {
    case Kind::None:
        std::memcpy(target, source, count * m_targetSize);
        break;
    case Kind::Widening:
        GDALCopyWords64(source, m_from, static_cast<int>(m_sourceSize), target,
                        m_to, static_cast<int>(m_targetSize),
                        static_cast<GPtrDiff_t>(count));
        break;
    case Kind::TruthValues:
        std::memcpy(target, source, count);
        return checkTruthValues(static_cast<const unsigned char *>(source),
                                count);
    case Kind::Time:
        return applyTime(static_cast<const char *>(source),
                         static_cast<char *>(target), count);
    }
    return Status::ok();
}

Status Conversion::applyTime(const char *source, char *target,
                             std::size_t count) const
{
    for (std::size_t i = 0; i < count;
         ++i, source += m_sourceSize, target += m_targetSize)
    {
        double number = 0;
        GDALCopyWords64(source, m_from, 0, &number, GDT_Float64, 0, 1);
        const bool missing =
            std::isnan(number) ||
            (m_missingFrom &&
             std::memcmp(source, m_missingFrom->data(), m_sourceSize) == 0);
        if (missing)
        {
            const double nan = std::nan("");
            if (m_missingTo)
                std::memcpy(target, m_missingTo->data(), m_targetSize);
            else if (GDALDataTypeIsFloating(m_to))
                GDALCopyWords64(&nan, GDT_Float64, 0, target, m_to, 0, 1);
            else
                return refused("a missing time cannot be stored: the target "
                               "has no missing value");
            continue;
        }
        MDIMAPPEND_ASSIGN(Instant instant,
                          decodeTimeElement(source, m_from, m_fromTime));
        if (m_fromTime.calendar != m_toTime.calendar)
        {
            MDIMAPPEND_ASSIGN(instant,
                              changeCalendar(instant, m_fromTime.calendar,
                                             m_toTime.calendar));
        }
        MDIMAPPEND_RETURN_IF_ERROR(
            encodeTimeElement(instant, m_toTime, m_to, target));
    }
    return Status::ok();
}

Result<Instant> decodeTimeElement(const void *element, GDALDataType type,
                                  const TimeEncoding &encoding)
{
    if (type == GDT_UInt64)
    {
        std::uint64_t number = 0;
        std::memcpy(&number, element, sizeof(number));
        if (number > static_cast<std::uint64_t>(INT64_MAX))
            return error("a time is beyond what 64 bits hold");
        return decodeTime(static_cast<std::int64_t>(number), encoding);
    }
    if (GDALDataTypeIsInteger(type))
    {
        std::int64_t number = 0;
        GDALCopyWords64(element, type, 0, &number, GDT_Int64, 0, 1);
        return decodeTime(number, encoding);
    }
    if (type == GDT_Float32)
    {
        float number = 0;
        std::memcpy(&number, element, sizeof(number));
        return decodeTime(number, encoding);
    }
    if (!isReal(type))
        return error("complex numbers are no times");
    double number = 0;
    GDALCopyWords64(element, type, 0, &number, GDT_Float64, 0, 1);
    return decodeTime(number, encoding);
}

Status encodeTimeElement(Instant instant, const TimeEncoding &encoding,
                         GDALDataType type, void *element)
{
    if (GDALDataTypeIsInteger(type))
    {
        MDIMAPPEND_ASSIGN(const std::int64_t number,
                          encodeTimeAsInteger(instant, encoding));
        GDALCopyWords64(&number, GDT_Int64, 0, element, type, 0, 1);
        std::int64_t back = 0;
        GDALCopyWords64(element, type, 0, &back, GDT_Int64, 0, 1);
        return back == number
                   ? Status::ok()
                   : error("the time does not fit the target's type");
    }
    MDIMAPPEND_ASSIGN(const double number,
                      encodeTimeAsDouble(instant, encoding));
    GDALCopyWords64(&number, GDT_Float64, 0, element, type, 0, 1);
    MDIMAPPEND_ASSIGN(const Instant back,
                      decodeTimeElement(element, type, encoding));
    return back == instant
               ? Status::ok()
               : error("the time cannot be held exactly by the target's type");
}

}  // namespace mdimappend
