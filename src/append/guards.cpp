#include "append/guards.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace mdimappend
{

namespace
{

std::string list(const std::vector<std::string> &names)
{
    std::string text = "(";
    for (const auto &name : names)
        text += (text.size() > 1 ? ", " : "") +
                (name.empty() ? std::string("unnamed") : name);
    return text + ")";
}

std::string quoted(const std::string &name)
{
    return "array '" + name + "': ";
}

Status checkDimensions(const TargetArray &target, const SliceArray &slice)
{
    const auto &expected = target.document.dimensions;
    if (expected != slice.dimensions)
        return refused(quoted(target.name) + "has the dimensions " +
                       list(slice.dimensions) + ", the target has " +
                       list(expected) + ".");
    for (std::size_t i = 0; i < expected.size(); ++i)
    {
        if (i != *target.axis && slice.shape[i] != target.document.shape[i])
            return refused(quoted(target.name) + "dimension '" + expected[i] +
                           "' has " + std::to_string(slice.shape[i]) +
                           " values, the target has " +
                           std::to_string(target.document.shape[i]) + ".");
    }
    return Status::ok();
}

std::optional<double> numberAttribute(const Json &attributes, const char *name)
{
    const auto found = attributes.find(name);
    if (found != attributes.end() && found->is_number())
        return found->get<double>();
    return std::nullopt;
}

std::string numberText(const std::optional<double> &number)
{
    return number ? dumpJson(*number, -1) : "none";
}

Status checkPacking(const TargetArray &target, const SliceArray &slice)
{
    const auto &attributes = target.document.attributes;
    const auto scale = numberAttribute(attributes, "scale_factor");
    const auto offset = numberAttribute(attributes, "add_offset");
    if (scale.value_or(1) != slice.scale.value_or(1) ||
        offset.value_or(0) != slice.offset.value_or(0))
        return refused(quoted(target.name) + "is packed with scale " +
                       numberText(slice.scale) + " and offset " +
                       numberText(slice.offset) + ", the target with scale " +
                       numberText(scale) + " and offset " + numberText(offset) +
                       ".");
    return Status::ok();
}

/// V3's `_FillValue`, else the fill value; but zarr-python pads V3 arrays with
/// 0 and means nothing by it.
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

bool isNaN(const std::string &element, GDALDataType type)
{
    double number = 0;
    GDALCopyWords64(element.data(), type, 0, &number, GDT_Float64, 0, 1);
    return GDALDataTypeIsFloating(type) && std::isnan(number);
}

bool sameMissing(const std::string &a, const std::string &b, GDALDataType type)
{
    return a == b || (isNaN(a, type) && isNaN(b, type));
}

std::string elementText(const std::string &element, GDALDataType type)
{
    if (type == GDT_UInt64)
    {
        std::uint64_t whole = 0;
        std::memcpy(&whole, element.data(), sizeof(whole));
        return std::to_string(whole);
    }
    if (GDALDataTypeIsInteger(type))
    {
        std::int64_t whole = 0;
        GDALCopyWords64(element.data(), type, 0, &whole, GDT_Int64, 0, 1);
        return std::to_string(whole);
    }
    double number = 0;
    GDALCopyWords64(element.data(), type, 0, &number, GDT_Float64, 0, 1);
    return std::isnan(number) ? "NaN" : dumpJson(number, -1);
}

Status checkMissingValue(const TargetArray &target, const SliceArray &slice)
{
    if (!slice.missingValue || target.document.dataType.isString())
        return Status::ok();
    const auto type = target.document.dataType.gdal;
    const auto sliceType = slice.type.GetNumericDataType();
    MDIMAPPEND_ASSIGN(const auto expected, missingOf(target.document));
    std::string found(target.document.dataType.size, '\0');
    GDALCopyWords64(slice.missingValue->data(), sliceType, 0, found.data(),
                    type, 0, 1);
    // A NaN is a NaN to every reader, declared or not.
    if (!expected && isNaN(found, type))
        return Status::ok();
    if (!expected || !sameMissing(*expected, found, type))
        return refused(
            quoted(target.name) + "marks missing values as " +
            elementText(*slice.missingValue, sliceType) + ", the target " +
            (expected ? "as " + elementText(*expected, type) : "not at all") +
            ".");
    return Status::ok();
}

std::string calendarOf(const SliceArray &slice)
{
    const auto found = slice.attributes.find("calendar");
    return found != slice.attributes.end() && found->is_string()
               ? found->get<std::string>()
               : std::string();
}

Result<Conversion> timeConversion(const TargetArray &target,
                                  const SliceArray &slice)
{
    const auto from = TimeEncoding::parse(slice.units, calendarOf(slice));
    const auto to = TimeEncoding::parse(target.units, target.calendar);
    if (!from || !to)
        return refused(quoted(target.name) +
                       (from ? to.status() : from.status()).message() + ".");
    const auto fromType = slice.type.GetNumericDataType();
    const auto toType = target.document.dataType.gdal;
    if (GDALDataTypeIsComplex(fromType) || GDALDataTypeIsComplex(toType))
        return refused(quoted(target.name) + "complex numbers are no times.");
    MDIMAPPEND_ASSIGN(const auto missing, missingOf(target.document));
    return Conversion::time(fromType, *from, toType, *to, slice.missingValue,
                            missing);
}

Result<Conversion> typeConversion(const TargetArray &target,
                                  const SliceArray &slice)
{
    const auto &type = target.document.dataType;
    const bool sliceText = slice.type.GetClass() == GEDTC_STRING;
    if (type.isString() != sliceText)
        return refused(quoted(target.name) + "is of type " +
                       (sliceText ? "string" : "number") +
                       ", the target of type " + type.name + ".");
    if (sliceText)
    {
        const std::size_t width = type.kind == DataType::Kind::FixedUnicode
                                      ? type.size / 4
                                      : type.size;
        if (type.kind != DataType::Kind::VariableUnicode &&
            slice.stringLength > width)
            return refused(quoted(target.name) + "has texts of " +
                           std::to_string(slice.stringLength) +
                           " characters, the target holds " +
                           std::to_string(width) + ".");
        return Conversion::none(sizeof(char *));
    }
    const auto from = slice.type.GetNumericDataType();
    if (from == type.gdal && type.kind == DataType::Kind::Bool)
        return Conversion::truthValues();
    if (from == type.gdal)
        return Conversion::none(type.size);
    if (type.kind == DataType::Kind::Bool ||
        !isLosslessWidening(from, type.gdal))
        return refused(quoted(target.name) + "is of type " +
                       GDALGetDataTypeName(from) + ", the target of type " +
                       (type.kind == DataType::Kind::Bool
                            ? type.name
                            : GDALGetDataTypeName(type.gdal)) +
                       ", which cannot hold every value of it.");
    return Conversion::widening(from, type.gdal);
}

Result<Conversion> checkPair(const TargetArray &target, const SliceArray &slice)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkDimensions(target, slice));
    MDIMAPPEND_RETURN_IF_ERROR(checkPacking(target, slice));
    const bool sameCalendar = target.calendar == calendarOf(slice);
    if (looksLikeTime(target.units) && looksLikeTime(slice.units) &&
        slice.type.GetClass() == GEDTC_NUMERIC &&
        !(target.units == slice.units && sameCalendar))
        return timeConversion(target, slice);
    if (!target.units.empty() && !slice.units.empty() &&
        target.units != slice.units)
        return refused(quoted(target.name) + "has units '" + slice.units +
                       "', the target has '" + target.units + "'.");
    MDIMAPPEND_RETURN_IF_ERROR(checkMissingValue(target, slice));
    return typeConversion(target, slice);
}

/// A bounds variable has no units of its own: its coordinate's hold.
std::string boundsOwner(const std::vector<SliceArray> &arrays,
                        const std::string &name)
{
    for (const auto &array : arrays)
    {
        for (const char *attribute : {"bounds", "climatology"})
        {
            const auto found = array.attributes.find(attribute);
            if (found != array.attributes.end() && *found == name)
                return array.name;
        }
    }
    return {};
}

}  // namespace

Result<GuardReport> checkArrays(const Target &target, const Slice &slice)
{
    GuardReport report;
    const auto &arrays = slice.arrays();
    const auto sliceArray = [&](const std::string &name)
    {
        return std::find_if(arrays.begin(), arrays.end(),
                            [&](const SliceArray &array)
                            { return array.name == name; });
    };
    const auto along = [&](const SliceArray &array)
    {
        return std::find(array.dimensions.begin(), array.dimensions.end(),
                         target.appendDim) != array.dimensions.end();
    };
    for (std::size_t i = 0; i < target.arrays.size(); ++i)
    {
        const auto &array = target.arrays[i];
        if (!array.axis || &array == target.labels())
            continue;
        const auto found = sliceArray(array.name);
        if (found == arrays.end())
            return refused(quoted(array.name) +
                           "is in the target, but not in the slice.");
        SliceArray candidate = *found;
        TargetArray expected = array;
        // A bounds variable's units are its coordinate's.
        if (const auto owner = boundsOwner(arrays, array.name); !owner.empty())
        {
            const auto coordinate = sliceArray(owner);
            const auto *counterpart = target.find(owner);
            if (candidate.units.empty() && coordinate != arrays.end())
            {
                candidate.units = coordinate->units;
                candidate.attributes["calendar"] = calendarOf(*coordinate);
            }
            if (expected.units.empty() && counterpart)
            {
                expected.units = counterpart->units;
                expected.calendar = counterpart->calendar;
            }
        }
        MDIMAPPEND_ASSIGN(auto conversion, checkPair(expected, candidate));
        report.matches.push_back(
            {i, static_cast<std::size_t>(found - arrays.begin()),
             std::move(conversion)});
    }
    if (report.matches.empty())
        return refused("the target has no array with the dimension '" +
                       target.appendDim + "' for the slice to be appended to.");
    for (const auto &array : arrays)
    {
        const auto *present = target.find(array.name);
        if (!present)
            report.ignoredArrays.push_back(array.name);
        else if (!present->axis && along(array))
            return refused(quoted(array.name) + "has the dimension '" +
                           target.appendDim + "', in the target it has not.");
    }
    return report;
}

Status checkCoordinate(const std::string &name, const CoordinateValues &target,
                       const CoordinateValues &slice)
{
    const auto differs = [&](std::size_t at, const std::string &expected,
                             const std::string &found)
    {
        return refused("coordinate '" + name + "' differs at position " +
                       std::to_string(at) + ": it is " + found +
                       ", in the target " + expected +
                       ". --on-coordinate ignore would append all the same.");
    };
    if (!target.texts.empty() || !slice.texts.empty())
    {
        if (target.texts.size() != slice.texts.size())
            return refused("coordinate '" + name +
                           "' is text on one side only.");
        for (std::size_t i = 0; i < target.texts.size(); ++i)
        {
            if (target.texts[i] != slice.texts[i])
                return differs(i, "'" + target.texts[i] + "'",
                               "'" + slice.texts[i] + "'");
        }
        return Status::ok();
    }
    const auto &expected = target.numbers;
    const auto &found = slice.numbers;
    const std::size_t count = std::min(expected.size(), found.size());
    for (std::size_t i = 0; i < count; ++i)
    {
        double cell = 0;
        if (count > 1)
            cell = i + 1 < count ? expected[i + 1] - expected[i]
                                 : expected[i] - expected[i - 1];
        else
            cell = expected[i];
        const double tolerance = 1e-3 * std::fabs(cell);
        const bool bothNaN = std::isnan(expected[i]) && std::isnan(found[i]);
        if (!bothNaN && !(std::fabs(found[i] - expected[i]) <= tolerance))
            return differs(i, dumpJson(expected[i], -1),
                           dumpJson(found[i], -1));
    }
    return Status::ok();
}

}  // namespace mdimappend
