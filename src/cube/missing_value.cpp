// Finds the element that stands for "missing" in an array of the target, from
// its fill value and its attributes.

#include "cube/missing_value.h"

#include "slice/missing_value.h"
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

Result<std::optional<std::string>>
missingForAllReaders(const ArrayDocument &document)
{
    MDIMAPPEND_ASSIGN(auto missing, missingValueBytes(document));
    const auto &type = document.dataType;
    if (missing || type.kind != DataType::Kind::Numeric ||
        GDALDataTypeIsComplex(type.gdal))
        return missing;
    if (GDALDataTypeIsFloating(type.gdal))
        return std::optional(elementFromDouble(std::nan(""), type.gdal));
    const auto told = declaredMissing(document.attributes, type.gdal);
    return told.empty() ? std::nullopt : std::optional(told.front());
}

Result<std::vector<std::string>>
otherMissingOf(const ArrayDocument &document,
               const std::optional<std::string> &missing)
{
    if (document.dataType.kind != DataType::Kind::Numeric)
        return std::vector<std::string>();
    auto others = declaredMissing(document.attributes, document.dataType.gdal);
    std::erase_if(others, [&](const std::string &element)
                  { return element == missing; });
    return others;
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
        return refused("the missing value " + dumpJson(nodata, -1) +
                       " is not a value of the type " +
                       GDALGetDataTypeName(type) + ".");
    return element;
}

}  // namespace mdimappend
