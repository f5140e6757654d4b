// Finds the element that stands for "missing" in an array of the target, from
// its fill value and its attributes.

#include "cube/missing_value.h"

#include "zarr/number_element.h"

#include <cmath>
#include <limits>

namespace mdimappend
{

namespace
{

/// NaN and infinities may be texts; null if it is no number.
Json numberOf(const Json &nodata)
{
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (nodata == "NaN")
        return std::nan("");
    if (nodata == "Infinity")
        return infinity;
    if (nodata == "-Infinity")
        return -infinity;
    return nodata.is_number() ? nodata : Json();
}

/// A whole number in a type of fractions; nothing if it is not exactly there.
template <class Whole>
std::optional<std::string> wholeElement(Whole number, GDALDataType wide,
                                        GDALDataType type)
{
    std::string element(
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type)), '\0');
    GDALCopyWords64(&number, wide, 0, element.data(), type, 0, 1);
    Whole back = 0;
    GDALCopyWords64(element.data(), type, 0, &back, wide, 0, 1);
    return back == number ? std::optional(element) : std::nullopt;
}

/// -3.4028235e38 and 9.96921e36 are written with the digits of a float.
std::optional<std::string> closeElement(double number, GDALDataType type)
{
    auto element = elementFromDouble(number, type);
    double back = 0;
    GDALCopyWords64(element.data(), type, 0, &back, GDT_Float64, 0, 1);
    const bool close = back == number ||
                       (std::isnan(back) && std::isnan(number)) ||
                       (GDALDataTypeIsFloating(type) &&
                        std::fabs(back - number) <= 1e-6 * std::fabs(number));
    return close ? std::optional(std::move(element)) : std::nullopt;
}

std::optional<std::string> elementOfNumber(const Json &number,
                                           GDALDataType type)
{
    if (!number.is_number_integer())
        return number.is_number() ? closeElement(number.get<double>(), type)
                                  : std::nullopt;
    return number < 0
               ? wholeElement(number.get<std::int64_t>(), GDT_Int64, type)
               : wholeElement(number.get<std::uint64_t>(), GDT_UInt64, type);
}

}  // namespace

Result<std::optional<std::string>> missingOf(const ArrayDocument &document)
{
    MDIMAPPEND_ASSIGN(auto missing, missingValueBytes(document));
    if (missing)
        return missing;
    const Json &fill = document.fillValue;
    if (document.format == ZarrFormat::V3 && fill.is_number() && fill == 0)
        return missing;
    return fillBytes(document);
}

Result<std::optional<std::string>>
missingForAllReaders(const ArrayDocument &document)
{
    MDIMAPPEND_ASSIGN(auto missing, missingValueBytes(document));
    const auto type = document.dataType.gdal;
    if (missing || document.dataType.kind != DataType::Kind::Numeric ||
        !GDALDataTypeIsFloating(type) || GDALDataTypeIsComplex(type))
        return missing;
    return std::optional(elementFromDouble(std::nan(""), type));
}

Result<std::optional<std::string>> fillFor(const ArrayDocument &document)
{
    if (document.dataType.isString())
        return std::optional<std::string>("");
    return missingForAllReaders(document);
}

Result<std::optional<std::string>> nodataElement(const Json &nodata,
                                                 GDALDataType type)
{
    if (nodata.is_null())
        return std::optional<std::string>();
    auto element = elementOfNumber(numberOf(nodata), type);
    if (!element)
        return Status(Failure::Usage, "the missing value " +
                                          dumpJson(nodata, -1) +
                                          " is not a value of the type " +
                                          GDALGetDataTypeName(type));
    return element;
}

}  // namespace mdimappend
