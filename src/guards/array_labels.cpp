// Reads a slice's labels, and refuses those that could not be compared.

#include "guards/array_labels.h"

#include "chunks/array_handle.h"
#include "cube/missing_value.h"
#include "json/json_text.h"
#include "time/cf_time.h"
#include "units/unit_conversion.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>

namespace mdimappend
{

namespace
{

template <class Integer> std::string elementFromInteger(Integer value)
{
    return {reinterpret_cast<const char *>(&value), sizeof value};
}

/// What the netCDF library fills whole numbers with where nothing was written,
/// whether or not an attribute says so.
std::optional<std::string> unwrittenTime(const SliceArray &array)
{
    if (!looksLikeTime(array.units))
        return std::nullopt;
    if (array.type.GetNumericDataType() == GDT_Int32)
        return elementFromInteger<std::int32_t>(-2147483647);
    if (array.type.GetNumericDataType() == GDT_Int64)
        return elementFromInteger<std::int64_t>(INT64_MIN + 2);
    return std::nullopt;
}

double numberOf(const std::string &element, GDALDataType type)
{
    double number = 0;
    GDALCopyWords64(element.data(), type, 0, &number, GDT_Float64, 0, 1);
    return number;
}

/// A missing value that is one of labels, too: Zarr fills with 0 what may be
/// one.
bool mayBeLabel(const std::string &missing, GDALDataType type)
{
    return numberOf(missing, type) == 0;
}

/// Where a label was never written; nothing if all were. `missing`: elements of
/// the labels' type.
std::optional<std::uint64_t>
firstMissing(const std::vector<std::string> &missing, GDALDataType type,
             const void *elements, std::uint64_t count)
{
    const auto *element = static_cast<const char *>(elements);
    const auto size = static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type));
    for (std::uint64_t i = 0; i < count; ++i, element += size)
        if (std::ranges::any_of(missing,
                                [&](const std::string &value)
                                {
                                    return value.size() == size &&
                                           !mayBeLabel(value, type) &&
                                           std::memcmp(element, value.data(),
                                                       size) == 0;
                                }))
            return i;
    return std::nullopt;
}

Status checkNoneMissing(const SliceArray &array, const void *elements,
                        std::uint64_t count)
{
    auto missing = array.alsoMissing;
    if (array.missingValue)
        missing.push_back(*array.missingValue);
    if (const auto unwritten = unwrittenTime(array))
        missing.push_back(*unwritten);
    const auto type = array.type.GetNumericDataType();
    // NaN has words of its own.
    std::erase_if(missing, [&](const std::string &value)
                  { return std::isnan(numberOf(value, type)); });
    const auto found = firstMissing(missing, type, elements, count);
    return found
               ? refused("label " + std::to_string(*found) + " is missing: '" +
                         array.name + "' has its missing value there.")
               : Status::ok();
}

Result<Labels> readLabels(const Slice &slice, std::size_t number)
{
    const auto &array = slice.arrays()[number];
    MDIMAPPEND_RETURN_IF_ERROR(checkLabelsNotPacked(
        "its", array.scale.value_or(1), array.offset.value_or(0)));
    MDIMAPPEND_RETURN_IF_ERROR(checkReadWhole(array.name, array.shape));
    const auto count = elementCount(array.shape);
    ElementBuffer buffer(array.type, count);
    MDIMAPPEND_ASSIGN(const auto reader, slice.reader());
    const Extent zero(array.shape.size(), 0);
    MDIMAPPEND_RETURN_IF_ERROR(
        reader->read(number, zero, array.shape, buffer.data()));
    if (array.type.GetClass() == GEDTC_STRING)
        return textLabels(buffer.strings());
    MDIMAPPEND_RETURN_IF_ERROR(checkNoneMissing(array, buffer.data(), count));
    LabelForm form;
    form.type = array.type.GetNumericDataType();
    form.units = array.units;
    const auto calendar = array.attributes.find("calendar");
    if (calendar != array.attributes.end() && calendar->is_string())
        form.calendar = calendar->get<std::string>();
    auto labels =
        decodeLabels(form, buffer.data(), static_cast<std::size_t>(count));
    return labels ? std::move(labels)
                  : labels.takeStatus().prefixed("array '" + array.name + "'");
}

/// A duration in another unit.
Result<Label> movedLabel(const Label &label, const TimeEncoding &from,
                         const TimeEncoding &to, bool isWhole)
{
    Instant length = 0;
    if (const auto *number = std::get_if<double>(&label))
    {
        MDIMAPPEND_ASSIGN(length, decodeTime(*number, from));
    }
    else if (__builtin_mul_overflow(std::get<Instant>(label), from.unit,
                                    &length))
    {
        return refused("it is out of range");
    }
    if (isWhole)
    {
        MDIMAPPEND_ASSIGN(const auto number, encodeTimeAsInteger(length, to));
        return Label(Instant{number});
    }
    MDIMAPPEND_ASSIGN(const auto number, encodeTimeAsDouble(length, to));
    return Label(number);
}

}  // namespace

Result<Labels> sliceLabels(const Slice &slice)
{
    const auto &arrays = slice.arrays();
    const auto found = std::ranges::find_if(arrays, &SliceArray::labels);
    return found == arrays.end()
               ? Labels{}
               : readLabels(slice,
                            static_cast<std::size_t>(found - arrays.begin()));
}

Result<Labels> sliceLabels(const Slice &slice, const TargetArray &array)
{
    MDIMAPPEND_ASSIGN(Labels labels, sliceLabels(slice));
    if (!slice.givenLabel())
        return inUnitOf(array, slice, std::move(labels));
    return parseLabel(*slice.givenLabel(), labelForm(array));
}

std::string noLabels(const Slice &slice, const TargetArray &array)
{
    const auto &why = slice.whyNoLabels();
    return "it has no labels" + (why.empty() ? "" : ", for " + why) +
           ", but the target has an array '" + array.name + "' along '" +
           slice.appendDim() + "'. --rename ARRAY=" + array.name +
           " makes labels of an array along it; a new target that is made with "
           "--exclude-array " +
           array.name + " has none.";
}

Status checkLabelsNotPacked(const std::string &whose, double scale,
                            double offset)
{
    if (scale == 1 && offset == 0)
        return Status::ok();
    return refused(whose + " labels are packed (scale " + dumpJson(scale, -1) +
                   ", offset " + dumpJson(offset, -1) +
                   "), and packed labels are not supported.");
}

Status checkLabelUnits(const TargetArray &target, const Slice &slice)
{
    const auto &arrays = slice.arrays();
    const auto own = std::ranges::find_if(arrays, &SliceArray::labels);
    if (own == arrays.end())
        return Status::ok();
    const auto &units = own->units;
    const auto &expected = target.units;
    if (units.empty() || expected.empty() || units == expected ||
        looksLikeTime(units) || looksLikeTime(expected))
        return Status::ok();
    if (TimeEncoding::parseDuration(units) &&
        TimeEncoding::parseDuration(expected))
        return Status::ok();
    const auto conversion = UnitConversion::make(units, expected);
    if (conversion && conversion->isIdentity())
        return Status::ok();
    return refused("its labels have units '" + units +
                   "', the target's have '" + expected +
                   "', and labels are not converted. " +
                   wayOutOfUnits(units, expected));
}

Result<Labels> inUnitOf(const TargetArray &target, const Slice &slice,
                        Labels labels)
{
    const auto &arrays = slice.arrays();
    const auto own = std::ranges::find_if(arrays, &SliceArray::labels);
    if (own == arrays.end() || own->units == target.units)
        return labels;
    const auto from = TimeEncoding::parseDuration(own->units);
    const auto to = TimeEncoding::parseDuration(target.units);
    const bool areNumbers = labels.kind == Labels::Kind::Integer ||
                            labels.kind == Labels::Kind::Real;
    if (!from || !to || !areNumbers)
        return labels;
    const bool isWhole = GDALDataTypeIsInteger(target.document.dataType.gdal);
    for (auto &label : labels.values)
    {
        auto moved = movedLabel(label, *from, *to, isWhole);
        if (!moved)
            return refused("a label cannot be stored exactly: " +
                           moved.status().message() +
                           ". A new target that is made with a slice of "
                           "finer units holds it.");
        label = *moved;
    }
    labels.kind = isWhole ? Labels::Kind::Integer : Labels::Kind::Real;
    return labels;
}

Result<Labels> inCalendarOf(const Target &target, Labels labels)
{
    const auto *array = target.labels();
    if (!array || labels.kind != Labels::Kind::Date)
        return labels;
    Labels like;
    like.kind = Labels::Kind::Date;
    MDIMAPPEND_ASSIGN(like.encoding,
                      TimeEncoding::parse(array->units, array->calendar));
    return alignCalendars(std::move(labels), like);
}

Result<std::optional<std::uint64_t>> firstMissing(const TargetArray &array,
                                                  const void *elements,
                                                  std::uint64_t count)
{
    const auto &document = array.document;
    MDIMAPPEND_ASSIGN(const auto missing, missingForAllReaders(document));
    MDIMAPPEND_ASSIGN(auto values, otherMissingOf(document, missing));
    MDIMAPPEND_ASSIGN(const auto fill, fillBytes(document));
    for (const auto &each : {missing, fill})
        if (each)
            values.push_back(*each);
    return firstMissing(values, document.dataType.gdal, elements, count);
}

LabelForm labelForm(const TargetArray &array)
{
    LabelForm form;
    form.name = array.name;
    form.text = array.document.dataType.isString();
    form.type = array.document.dataType.gdal;
    form.units = array.units;
    form.calendar = array.calendar;
    return form;
}

}  // namespace mdimappend
