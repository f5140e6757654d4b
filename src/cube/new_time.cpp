// Chooses the units in which a new target stores its time, so that the slice's
// labels and their bounds are held exactly.

#include "cube/new_time.h"

#include "chunks/array_handle.h"
#include "cube/array_conversion.h"
#include "cube/array_encoding.h"
#include "cube/new_numbers.h"
#include "slice/cf_references.h"
#include "time/time_units.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

struct Unit
{
    const char *name;
    Instant nanoseconds;
};

constexpr Unit units[] = {{"seconds", 1'000'000'000},
                          {"milliseconds", 1'000'000},
                          {"microseconds", 1'000},
                          {"nanoseconds", 1}};

const SliceArray *labelArray(const Slice &slice)
{
    for (const auto &array : slice.arrays())
    {
        if (array.labels)
            return &array;
    }
    return nullptr;
}

/// What the settings ask for has to be times.
Status checkAsked(const std::string &name, const NewTime &form)
{
    const auto encoding = TimeEncoding::parse(form.units, form.calendar);
    if (encoding)
        return Status::ok();
    return refused("array '" + name + "': " + encoding.status().message() +
                   ".");
}

bool holds(const NewTime &form, const std::vector<Instant> &instants)
{
    const auto encoding = TimeEncoding::parse(form.units, form.calendar);
    std::string element(8, '\0');
    return encoding &&
           std::ranges::all_of(
               instants,
               [&](Instant instant)
               {
                   return static_cast<bool>(encodeTimeElement(
                       instant, *encoding, form.type, element.data()));
               });
}

/// The array whose units are those of `array`: bounds need have none.
const SliceArray *ownerOfUnits(const Slice &slice, const SliceArray &array)
{
    if (array.units.empty())
        for (const auto &owner : slice.arrays())
            if (namesBounds(owner.attributes, array.name))
                return &owner;
    return &array;
}

bool countsWhole(const SliceArray &array)
{
    return array.type.GetClass() == GEDTC_NUMERIC &&
           GDALDataTypeIsInteger(array.type.GetNumericDataType()) &&
           array.scale.value_or(1) == 1 && array.offset.value_or(0) == 0;
}

/// Floating numbers hold fractions of whatever unit: they stay as they are.
std::optional<std::string> countedUnits(const Slice &slice,
                                        const SliceArray &array)
{
    const auto &owner = *ownerOfUnits(slice, array);
    if (!countsWhole(owner) || array.type.GetClass() != GEDTC_NUMERIC)
        return std::nullopt;
    const auto own = unitsOf(slice, array);
    const bool isDate = looksLikeTime(own.units);
    const bool grows = axisOf(array.dimensions, slice.appendDim()).has_value();
    if (!isDate && !(isDuration(owner.attributes) && grows))
        return std::nullopt;
    const auto encoding = isDate ? TimeEncoding::parse(own.units, own.calendar)
                                 : TimeEncoding::parseDuration(own.units);
    if (!encoding)
        return std::nullopt;
    const auto *const unit =
        std::ranges::find_if(units, [&](const Unit &one)
                             { return one.nanoseconds <= encoding->unit; });
    return isDate ? cf::withUnit(own.units, unit->name) : unit->name;
}

/// Nothing if one of them is no date: then they stay as they are.
Result<std::optional<std::vector<Instant>>> boundsInstants(const Slice &slice)
{
    std::vector<Instant> instants;
    for (std::size_t i = 0; i < slice.arrays().size(); ++i)
    {
        const auto &array = slice.arrays()[i];
        if (array.labels || !isTimeArray(slice, array))
            continue;
        const auto own = unitsOf(slice, array);
        MDIMAPPEND_ASSIGN(const auto encoding,
                          TimeEncoding::parse(own.units, own.calendar));
        MDIMAPPEND_RETURN_IF_ERROR(checkReadWhole(array.name, array.shape));
        const auto count = elementCount(array.shape);
        ElementBuffer buffer(array.type, count);
        MDIMAPPEND_ASSIGN(const auto reader, slice.reader());
        MDIMAPPEND_RETURN_IF_ERROR(reader->read(
            i, Extent(array.shape.size(), 0), array.shape, buffer.data()));
        for (std::uint64_t at = 0; at < count; ++at)
        {
            const auto instant =
                decodeTimeElement(static_cast<const char *>(buffer.data()) +
                                      at * buffer.elementSize(),
                                  array.type.GetNumericDataType(), encoding);
            if (!instant)
                return std::optional<std::vector<Instant>>();
            instants.push_back(*instant);
        }
    }
    return std::optional(instants);
}

}  // namespace

bool isTimeArray(const Slice &slice, const SliceArray &array)
{
    if (array.type.GetClass() != GEDTC_NUMERIC ||
        GDALDataTypeIsComplex(array.type.GetNumericDataType()))
        return false;
    if (array.labels)
        return true;
    const auto *labels = labelArray(slice);
    return labels && namesBounds(labels->attributes, array.name);
}

Result<std::optional<NewTime>> newTimeOf(const Slice &slice,
                                         const Labels &labels,
                                         const AppendOptions &options)
{
    if (labels.kind != Labels::Kind::Date)
        return std::optional<NewTime>();
    const auto asked = encodingFor(options, slice.appendDim(), 1, false);
    if (asked.units == "keep" && !slice.givenLabel())
        return std::optional<NewTime>();

    std::vector<Instant> instants;
    for (const auto &label : labels.values)
        instants.push_back(std::get<Instant>(label));
    // What comes later has to fit too.
    if (options.step.kind == StepRule::Kind::Duration && !instants.empty())
        instants.push_back(instants.back() + options.step.nanoseconds);
    UnitsOf own{"seconds since 1970-01-01", "proleptic_gregorian"};
    if (const auto *array = labelArray(slice))
    {
        own = unitsOf(slice, *array);
        MDIMAPPEND_ASSIGN(const auto bounds, boundsInstants(slice));
        if (!bounds)
            return std::optional<NewTime>();
        instants.insert(instants.end(), bounds->begin(), bounds->end());
    }
    NewTime form{askedType(asked).value_or(GDT_Int64), own.units,
                 asked.calendar.value_or(own.calendar)};
    if (asked.units && asked.units != "keep")
        form.units = *asked.units;
    if (asked.units || asked.calendar)
        MDIMAPPEND_RETURN_IF_ERROR(checkAsked(slice.appendDim(), form));
    if (asked.units && asked.units != "keep")
    {
        // Fractions are stored where whole numbers do not do and nothing was
        // said.
        if (!asked.dtype && !holds(form, instants))
            form.type = GDT_Float64;
        return std::optional(form);
    }
    const auto encoding = TimeEncoding::parse(own.units, own.calendar);
    for (const auto &unit : units)
    {
        form.units = cf::withUnit(own.units, unit.name);
        const bool isCoarser = encoding && encoding->unit < unit.nanoseconds;
        if (!isCoarser && holds(form, instants))
            return std::optional(form);
    }
    return std::optional<NewTime>();
}

Result<bool> encodeCountedTime(NewArray &array, const Slice &slice,
                               const SliceArray &source,
                               const ArrayEncoding &asked)
{
    const bool isLead = source.labels && isDuration(source.attributes);
    if (asked.dtype || asked.units || asked.calendar ||
        (!isLead && isTimeArray(slice, source)))
        return false;
    const auto units = countedUnits(slice, source);
    if (!units)
        return false;
    const bool isWhole =
        GDALDataTypeIsInteger(source.type.GetNumericDataType());
    array.gdal = isWhole ? GDT_Int64 : source.type.GetNumericDataType();
    if (!source.units.empty())
        array.attributes["units"] = *units;
    // These are in terms of the units and the type as they were.
    for (const char *name : {"valid_min", "valid_max", "valid_range",
                             "actual_range", "missing_value", "_Unsigned"})
        array.attributes.erase(name);
    if (!source.labels)
        array.missingValue = isWhole ? notATime() : source.missingValue;
    MDIMAPPEND_RETURN_IF_ERROR(setAskedMissing(array, source.name, asked));
    return true;
}

}  // namespace mdimappend
