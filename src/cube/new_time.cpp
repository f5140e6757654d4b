// Chooses the units in which a new target stores its time, so that the slice's
// labels and their bounds are held exactly.

#include "cube/new_time.h"

#include "chunks/array_handle.h"
#include "cube/array_conversion.h"
#include "cube/array_encoding.h"
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
    return {Failure::Usage, "array '" + name +
                                "': " + encoding.status().message() +
                                ". Nothing was written."};
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
    for (const auto &unit : units)
    {
        form.units = cf::withUnit(own.units, unit.name);
        if (holds(form, instants))
            return std::optional(form);
    }
    return std::optional<NewTime>();
}

}  // namespace mdimappend
