// Decides how a new target stores numbers: in which type, packed how, and with
// which value for missing.

#include "cube/new_numbers.h"

#include "cube/array_encoding.h"
#include "cube/missing_value.h"
#include "slice/missing_value.h"
#include "zarr/number_element.h"

#include <algorithm>
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

bool isFiniteNumber(const Json &value)
{
    return value.is_number() && std::isfinite(value.get<double>());
}

/// The attribute `missing_value` says the same of the same codes. NaN is
/// missing without it; elsewhere all that was missing becomes the one missing
/// value.
void spellOtherMissing(NewArray &array, const SliceArray &source,
                       bool isSameCode)
{
    const auto &told = member(source.attributes, "missing_value");
    const bool isPlain = told.is_array()
                             ? std::ranges::all_of(told, isFiniteNumber)
                             : isFiniteNumber(told);
    if (isSameCode && isPlain)
        return;
    array.attributes.erase("missing_value");
    if (auto others = otherMissingAttribute(source);
        isSameCode && !others.is_null())
        array.attributes["missing_value"] = std::move(others);
}

/// One byte, 0 or 1, unless the settings make numbers of it.
bool staysBool(const SliceArray &source, const ArrayEncoding &asked)
{
    return source.truthValues && !asked.dtype && !asked.scale &&
           !asked.offset && !asked.nodata;
}

}  // namespace

Status encodeNumbers(NewArray &array, const SliceArray &source,
                     const ArrayEncoding &asked)
{
    const auto from = source.type.GetNumericDataType();
    array.gdal = askedType(asked).value_or(from);
    if (staysBool(source, asked))
    {
        array.kind = DataType::Kind::Bool;
        return Status::ok();
    }
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
        return refused("array '" + source.name + "': the scale " +
                       dumpJson(*scale, -1) + " cannot pack numbers.");
    if (scale)
        array.attributes["scale_factor"] = *scale;
    if (offset)
        array.attributes["add_offset"] = *offset;
    if (asked.units && *asked.units != "keep")
        array.attributes["units"] = *asked.units;
    if (asked.calendar)
        array.attributes["calendar"] = *asked.calendar;
    const bool isOtherUnit = asked.units && *asked.units != "keep" &&
                             !source.units.empty() &&
                             *asked.units != source.units;
    const bool isOtherNumber = repacked || isOtherUnit;
    leaveBehind(array, isOtherNumber, isOtherNumber || array.gdal != from);
    MDIMAPPEND_RETURN_IF_ERROR(
        chooseMissing(array, source, asked, isOtherNumber));
    const bool isSameCode = !isOtherNumber && array.gdal == from &&
                            array.missingValue == source.missingValue;
    spellOtherMissing(array, source, isSameCode);
    return Status::ok();
}

void leaveBehind(NewArray &array, bool otherNumbers, bool otherCodes)
{
    auto &attributes = array.attributes;
    if (otherCodes)
        for (const char *name :
             {"valid_min", "valid_max", "valid_range", "_Unsigned", "dtype"})
            attributes.erase(name);
    if (!otherNumbers)
        return;
    for (const char *name :
         {"actual_range", "flag_values", "flag_masks", "flag_meanings"})
        attributes.erase(name);
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
