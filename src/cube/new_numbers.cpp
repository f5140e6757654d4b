// Decides how a new target stores numbers: in which type, packed how, and with
// which value for missing.

#include "cube/new_numbers.h"

#include "cube/array_encoding.h"
#include "cube/missing_value.h"
#include "zarr/number_element.h"

#include <cmath>
#include <cstdint>
#include <optional>

namespace mdimappend
{

namespace
{

bool isFloating(GDALDataType type)
{
    return GDALDataTypeIsFloating(type) && !GDALDataTypeIsComplex(type);
}

/// The same number in another type, if that holds it.
std::optional<std::string> sameNumber(const std::string &element,
                                      GDALDataType from, GDALDataType to)
{
    if (from == to)
        return element;
    std::string made(static_cast<std::size_t>(GDALGetDataTypeSizeBytes(to)),
                     '\0');
    std::string back(element.size(), '\0');
    GDALCopyWords64(element.data(), from, 0, made.data(), to, 0, 1);
    GDALCopyWords64(made.data(), to, 0, back.data(), from, 0, 1);
    return back == element ? std::optional(made) : std::nullopt;
}

/// What stands for missing in packed integers: the code least missed.
std::string missingCode(GDALDataType type)
{
    const bool isUnsigned = !GDALDataTypeIsSigned(type);
    const auto bits = static_cast<unsigned>(GDALGetDataTypeSizeBits(type));
    std::string element(bits / 8, isUnsigned ? '\xff' : '\0');
    if (isUnsigned)
        return element;
    const std::int64_t lowest = INT64_MIN >> (64 - bits);
    GDALCopyWords64(&lowest, GDT_Int64, 0, element.data(), type, 0, 1);
    return element;
}

Status chooseMissing(NewArray &array, const SliceArray &source,
                     const ArrayEncoding &asked, bool repacked)
{
    if (asked.nodata)
        return setAskedMissing(array, source.name, asked);
    if (!source.missingValue)
        return Status::ok();
    if (!repacked)
        array.missingValue = sameNumber(
            *source.missingValue, source.type.GetNumericDataType(), array.gdal);
    if (array.missingValue)
        return Status::ok();
    if (isFloating(array.gdal))
        array.missingValue = elementFromDouble(std::nan(""), array.gdal);
    else if (GDALDataTypeIsInteger(array.gdal))
        array.missingValue = missingCode(array.gdal);
    return Status::ok();
}

}  // namespace

Status encodeNumbers(NewArray &array, const SliceArray &source,
                     const ArrayEncoding &asked)
{
    const auto from = source.type.GetNumericDataType();
    array.gdal = askedType(asked).value_or(from);
    const bool unpacks = isFloating(array.gdal) && !isFloating(from);
    auto scale = asked.scale;
    auto offset = asked.offset;
    if (!scale && !offset && !unpacks)
    {
        scale = source.scale;
        offset = source.offset;
    }
    const bool repacked = scale.value_or(1) != source.scale.value_or(1) ||
                          offset.value_or(0) != source.offset.value_or(0);
    if (scale && (*scale == 0 || !std::isfinite(*scale)))
        return {Failure::Usage, "array '" + source.name + "': the scale " +
                                    dumpJson(*scale, -1) +
                                    " cannot pack numbers"};
    if (scale)
        array.attributes["scale_factor"] = *scale;
    if (offset)
        array.attributes["add_offset"] = *offset;
    if (asked.units && *asked.units != "keep")
        array.attributes["units"] = *asked.units;
    if (asked.calendar)
        array.attributes["calendar"] = *asked.calendar;
    // These attributes are in terms of the codes as they were.
    if (repacked || array.gdal != from)
    {
        for (const char *name :
             {"valid_min", "valid_max", "valid_range", "_Unsigned"})
            array.attributes.erase(name);
    }
    return chooseMissing(array, source, asked, repacked);
}

Status setAskedMissing(NewArray &array, const std::string &name,
                       const ArrayEncoding &asked)
{
    if (!asked.nodata)
        return Status::ok();
    auto element = nodataElement(*asked.nodata, array.gdal);
    if (!element)
        return element.takeStatus().prefixed("array '" + name + "'");
    array.missingValue = std::move(*element);
    return Status::ok();
}

}  // namespace mdimappend
