// Times element by element, as instants in whole nanoseconds between two
// encodings.

#include "convert/time_conversion.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

Status refuseExact(const Status &why)
{
    return refused(why.message() + ". --encoding NAME:units=... gives a new "
                                   "target other units");
}

bool isMissingTime(const TimeForm &form, const char *element)
{
    double number = 0;
    GDALCopyWords64(element, form.type, 0, &number, GDT_Float64, 0, 1);
    std::int64_t whole = 0;
    if (form.type == GDT_Int64)
        std::memcpy(&whole, element, sizeof whole);
    const auto is = [&](const std::string &missing)
    { return std::memcmp(element, missing.data(), missing.size()) == 0; };
    return std::isnan(number) || whole == INT64_MIN ||
           (form.missing && is(*form.missing)) ||
           std::ranges::any_of(form.alsoMissing, is);
}

}  // namespace

Status convertTimes(const TimeForm &from, const TimeForm &to,
                    const void *source, void *target, std::size_t count)
{
    const auto size = [](const TimeForm &form)
    { return static_cast<std::size_t>(GDALGetDataTypeSizeBytes(form.type)); };
    const auto *in = static_cast<const char *>(source);
    auto *out = static_cast<char *>(target);
    for (std::size_t i = 0; i < count; ++i, in += size(from), out += size(to))
    {
        if (isMissingTime(from, in))
        {
            const double nan = std::nan("");
            if (to.missing)
                std::memcpy(out, to.missing->data(), size(to));
            else if (GDALDataTypeIsFloating(to.type))
                GDALCopyWords64(&nan, GDT_Float64, 0, out, to.type, 0, 1);
            else
                return refused("a missing time cannot be stored: the target "
                               "has no missing value");
            continue;
        }
        MDIMAPPEND_ASSIGN(Instant instant,
                          decodeTimeElement(in, from.type, from.encoding));
        if (from.encoding.calendar != to.encoding.calendar)
        {
            MDIMAPPEND_ASSIGN(instant,
                              changeCalendar(instant, from.encoding.calendar,
                                             to.encoding.calendar));
        }
        auto encoded = encodeTimeElement(instant, to.encoding, to.type, out);
        if (!encoded)
            return refuseExact(encoded);
        if (isMissingTime(to, out))
            return refused("a time would read as missing: the target stores it "
                           "as its missing value");
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
            return refused("a time is beyond what 64 bits hold");
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
    if (GDALDataTypeIsComplex(type))
        return refused("complex numbers are not times");
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
                   : refused("the time does not fit the target's type");
    }
    MDIMAPPEND_ASSIGN(const double number,
                      encodeTimeAsDouble(instant, encoding));
    GDALCopyWords64(&number, GDT_Float64, 0, element, type, 0, 1);
    MDIMAPPEND_ASSIGN(const Instant back,
                      decodeTimeElement(element, type, encoding));
    return back == instant
               ? Status::ok()
               : refused(
                     "the time cannot be held exactly by the target's type");
}

}  // namespace mdimappend
