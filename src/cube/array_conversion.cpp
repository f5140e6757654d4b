// Chooses the conversion for an array that slice and target both have: of
// times, of units, of packing or of types. What cannot be converted is refused
// here.

#include "cube/array_conversion.h"

#include "cube/array_encoding.h"
#include "cube/missing_value.h"
#include "cube/number_units.h"
#include "cube/precision_check.h"
#include "slice/cf_references.h"
#include "slice/missing_value.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// What a bounds variable does not say is as its coordinate has it: all, or the
/// calendar of units of its own.
void inherit(UnitsOf &bounds, const UnitsOf &owner)
{
    if (bounds.units.empty())
        bounds = owner;
    else if (bounds.calendar.empty() && looksLikeTime(bounds.units))
        bounds.calendar = owner.calendar;
}

/// Dates and durations in int64 have a number for missing, said or not.
Result<std::optional<std::string>> missingTimeOf(const ArrayDocument &document)
{
    MDIMAPPEND_ASSIGN(auto missing, missingForAllReaders(document));
    if (!missing && document.dataType.gdal == GDT_Int64)
        missing = notATime();
    return missing;
}

/// Whether the numbers mean the same times on both sides.
Result<bool> sameTimes(const TargetArray &target, const SliceArray &slice,
                       const UnitsOf &from, const UnitsOf &to)
{
    MDIMAPPEND_ASSIGN(const auto missing, missingTimeOf(target.document));
    const auto type = target.document.dataType.gdal;
    return from.units == to.units && from.calendar == to.calendar &&
           slice.type.GetNumericDataType() == type &&
           (type != GDT_Int64 || missing == slice.missingValue);
}

Result<TimeEncoding> timeEncoding(const UnitsOf &told)
{
    return looksLikeTime(told.units)
               ? TimeEncoding::parse(told.units, told.calendar)
               : TimeEncoding::parseDuration(told.units);
}

Result<Conversion> timeConversion(const TargetArray &target,
                                  const SliceArray &slice, const UnitsOf &from,
                                  const UnitsOf &to)
{
    const auto fromTime = timeEncoding(from);
    const auto toTime = timeEncoding(to);
    if (!fromTime || !toTime)
        return refused(
            (fromTime ? toTime.status() : fromTime.status()).message() + ".");
    const auto fromType = slice.type.GetNumericDataType();
    const auto toType = target.document.dataType.gdal;
    if (GDALDataTypeIsComplex(fromType) || GDALDataTypeIsComplex(toType))
        return refused("complex numbers are not times.");
    if (slice.scale.value_or(1) != 1 || slice.offset.value_or(0) != 0)
        return refused("packed times are not supported.");
    MDIMAPPEND_ASSIGN(const auto missing, missingTimeOf(target.document));
    MDIMAPPEND_ASSIGN(const auto others,
                      otherMissingOf(target.document, missing));
    return Conversion::time(
        {fromType, *fromTime, slice.missingValue, slice.alsoMissing},
        {toType, *toTime, missing, others});
}

Result<Conversion> textConversion(const TargetArray &target,
                                  const SliceArray &slice)
{
    const auto &type = target.document.dataType;
    const bool sliceText = slice.type.GetClass() == GEDTC_STRING;
    if (!sliceText || !type.isString())
        return refused(std::string("it is of type ") +
                       (sliceText ? "string" : "number") +
                       ", the target of type " + type.name + ".");
    const std::size_t width =
        type.kind == DataType::Kind::FixedUnicode ? type.size / 4 : type.size;
    if (type.kind != DataType::Kind::VariableUnicode &&
        slice.stringLength > width)
        return refused(
            "it has strings of " + std::to_string(slice.stringLength) +
            " characters, the target holds " + std::to_string(width) + ".");
    return Conversion::none(sizeof(char *));
}

/// Where one side says that it holds durations, both are converted exactly, if
/// both count them in units of time.
bool areDurations(const TargetArray &target, const SliceArray &slice)
{
    const auto &attributes = target.document.attributes;
    const bool isPacked =
        slice.scale.value_or(1) != 1 || slice.offset.value_or(0) != 0 ||
        numberMember(attributes, "scale_factor").value_or(1) != 1 ||
        numberMember(attributes, "add_offset").value_or(0) != 0;
    return (isDuration(attributes) || isDuration(slice.attributes)) &&
           !isPacked && TimeEncoding::parseDuration(slice.units) &&
           TimeEncoding::parseDuration(target.units);
}

/// xarray keeps truth values in integers, and reads whatever is not 0 as true.
bool isReadAsBool(const Json &attributes, GDALDataType type)
{
    return GDALDataTypeIsInteger(type) &&
           textMember(attributes, "dtype") == "bool";
}

bool isReadAsUnsigned(const Json &attributes, GDALDataType type)
{
    return GDALDataTypeIsInteger(type) && GDALDataTypeIsSigned(type) &&
           isDeclaredUnsigned(attributes);
}

/// Signed integers that readers take for unsigned ones (`_Unsigned`) are not
/// the numbers that a conversion would take them for.
Status checkSigns(const TargetArray &target, const SliceArray &slice,
                  const Conversion &conversion)
{
    const auto fromType = slice.type.GetNumericDataType();
    const auto &document = target.document;
    const bool from = isReadAsUnsigned(slice.attributes, fromType);
    const bool to =
        isReadAsUnsigned(document.attributes, document.dataType.gdal);
    const bool isSame = from == to && (!from || conversion.isNone());
    if (isSame || (to && !GDALDataTypeIsSigned(fromType)))
        return Status::ok();
    return refused(std::string("signed integers that stand for unsigned ones "
                               "(_Unsigned) are taken only as they are, and ") +
                   (from == to ? "they would be converted."
                    : from     ? "the target has others."
                               : "the slice has others."));
}

Result<Conversion> numberConversion(const TargetArray &target,
                                    const SliceArray &slice,
                                    const UnitsOf &from, const UnitsOf &to,
                                    const AppendOptions &options)
{
    const auto &document = target.document;
    NumberConversion request;
    request.from.type = slice.type.GetNumericDataType();
    request.from.scale = slice.scale;
    request.from.offset = slice.offset;
    request.from.missing = slice.missingValue;
    request.from.alsoMissing = slice.alsoMissing;
    request.to.type = document.dataType.gdal;
    request.from.truthValues =
        isReadAsBool(slice.attributes, request.from.type);
    request.to.truthValues =
        document.dataType.kind == DataType::Kind::Bool ||
        isReadAsBool(document.attributes, document.dataType.gdal);
    // What fills an array of truth values is one of the two.
    if (request.to.truthValues)
    {
        request.from.missing.reset();
        request.from.alsoMissing.clear();
    }
    request.to.scale = numberMember(document.attributes, "scale_factor");
    request.to.offset = numberMember(document.attributes, "add_offset");
    MDIMAPPEND_ASSIGN(request.to.missing, missingForAllReaders(document));
    MDIMAPPEND_ASSIGN(request.to.alsoMissing,
                      otherMissingOf(document, request.to.missing));
    MDIMAPPEND_ASSIGN(request.units,
                      unitConversion(from.units, slice.attributes, to.units,
                                     document.attributes, options.ignoreUnits));
    request.onOverflow = options.onOverflow;
    request.mayRound =
        asksForType(options, target.name, document.dataType.gdal);
    const bool asksForScale =
        encodingOf(options.encodings, target.name).scale.has_value();
    if (!options.roundFinerSteps && !asksForScale)
        MDIMAPPEND_RETURN_IF_ERROR(checkPrecision(request));
    MDIMAPPEND_ASSIGN(auto conversion, Conversion::numbers(request));
    MDIMAPPEND_RETURN_IF_ERROR(checkSigns(target, slice, conversion));
    return conversion;
}

}  // namespace

UnitsOf unitsOf(const Slice &slice, const SliceArray &array)
{
    UnitsOf found{array.units, textMember(array.attributes, "calendar")};
    for (const auto &owner : slice.arrays())
    {
        if (namesBounds(owner.attributes, array.name))
            inherit(found,
                    {owner.units, textMember(owner.attributes, "calendar")});
    }
    return found;
}

UnitsOf unitsOf(const Target &target, const TargetArray &array)
{
    UnitsOf found{array.units, array.calendar};
    for (const auto &owner : target.arrays)
    {
        if (namesBounds(owner.document.attributes, array.name))
            inherit(found, {owner.units, owner.calendar});
    }
    return found;
}

Result<Conversion> conversionFor(const Target &target,
                                 const TargetArray &targetArray,
                                 const Slice &slice,
                                 const SliceArray &sliceArray,
                                 const AppendOptions &options)
{
    const auto &type = targetArray.document.dataType;
    if (type.isString() || sliceArray.type.GetClass() == GEDTC_STRING)
        return textConversion(targetArray, sliceArray);
    auto from = unitsOf(slice, sliceArray);
    auto to = unitsOf(target, targetArray);
    const bool areDates = looksLikeTime(from.units) && looksLikeTime(to.units);
    if (areDates || areDurations(targetArray, sliceArray))
    {
        MDIMAPPEND_ASSIGN(const bool same,
                          sameTimes(targetArray, sliceArray, from, to));
        if (!same)
            return timeConversion(targetArray, sliceArray, from, to);
        from.units.clear();
    }
    return numberConversion(targetArray, sliceArray, from, to, options);
}

}  // namespace mdimappend
