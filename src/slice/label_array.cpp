// Reads the array of times, and makes an array of labels of it if its values
// can be labels: none missing, all in order.

#include "slice/label_array.h"

#include "slice/char_arrays.h"
#include "slice/exact_times.h"
#include "slice/gdal_messages.h"
#include "slice/gdal_strings.h"
#include "slice/source_group.h"
#include "slice/time_arrays.h"
#include "time/cf_time.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace mdimappend
{

namespace
{

Status cannotRead(const SourceArray &source, const std::string &why)
{
    return {Failure::Unavailable,
            "array '" + source.array.name + "': read failed: " + why + "."};
}

Result<std::shared_ptr<GDALMDArray>> opened(const SourceArray &source,
                                            const SourceDataset &dataset)
{
    const GdalMessages messages;
    auto array =
        dataset.root ? openArrayAt(*dataset.root, source.path) : nullptr;
    if (!array)
        return cannotRead(source, messages.failure("it cannot be opened"));
    return array;
}

Status readInto(const SourceArray &source, const SourceDataset &dataset,
                void *buffer)
{
    MDIMAPPEND_ASSIGN(const auto array, opened(source, dataset));
    const std::vector<std::uint64_t> start{0};
    const std::vector<std::uint64_t> count{source.array.shape[0]};
    if (source.chars)
        return readChars(*array, *source.chars, start, count,
                         static_cast<char **>(buffer));
    const GUInt64 first = 0;
    const auto size = static_cast<std::size_t>(count[0]);
    GdalMessages messages;
    if (array->Read(&first, &size, nullptr, nullptr, source.array.type,
                    buffer) &&
        !messages.failed())
        return Status::ok();
    return cannotRead(source, messages.failure("the driver does not say why"));
}

Result<std::vector<std::string>> readTexts(const SourceArray &source,
                                           const SourceDataset &dataset)
{
    std::vector<char *> found(static_cast<std::size_t>(source.array.shape[0]),
                              nullptr);
    const auto done =
        readInto(source, dataset, static_cast<void *>(found.data()));
    makeValid(found.data(), found.size());
    std::vector<std::string> texts(found.begin(), found.end());
    freeStrings(static_cast<void *>(found.data()), found.size());
    if (!done)
        return done;
    return texts;
}

Result<std::string> readNumbers(const SourceArray &source,
                                const SourceDataset &dataset)
{
    if (source.origin == SourceArray::Origin::Memory)
        return source.bytes;
    std::string bytes(static_cast<std::size_t>(source.array.shape[0]) *
                          source.array.type.GetSize(),
                      '\0');
    MDIMAPPEND_RETURN_IF_ERROR(readInto(source, dataset, bytes.data()));
    return bytes;
}

bool isMissing(const SliceArray &array, std::string_view element)
{
    return (array.missingValue && *array.missingValue == element) ||
           std::ranges::find(array.alsoMissing, element) !=
               array.alsoMissing.end();
}

Result<Instant> instantOf(const char *element, GDALDataType type,
                          const TimeEncoding &encoding)
{
    if (type == GDT_Float32)
    {
        float number = 0;
        std::memcpy(&number, element, sizeof number);
        return decodeTime(number, encoding);
    }
    if (GDALDataTypeIsInteger(type))
    {
        std::int64_t number = 0;
        GDALCopyWords64(element, type, 0, &number, GDT_Int64, 0, 1);
        return decodeTime(number, encoding);
    }
    double number = 0;
    GDALCopyWords64(element, type, 0, &number, GDT_Float64, 0, 1);
    return decodeTime(number, encoding);
}

/// Refused, with the reason in words, if one is missing or no time.
Result<InstantsOfLabels> instantsOf(const SliceArray &array,
                                    const std::string &bytes)
{
    MDIMAPPEND_ASSIGN(
        const TimeEncoding encoding,
        TimeEncoding::parse(array.units,
                            textMember(array.attributes, "calendar")));
    const std::size_t size = array.type.GetSize();
    InstantsOfLabels instants;
    for (std::size_t at = 0; at < bytes.size(); at += size)
    {
        if (isMissing(array, std::string_view(bytes).substr(at, size)))
            return refused("one of its values is missing");
        MDIMAPPEND_ASSIGN(const Instant instant,
                          instantOf(bytes.data() + at,
                                    array.type.GetNumericDataType(), encoding));
        instants.push_back(instant);
    }
    return instants;
}

bool areInOrder(const InstantsOfLabels &instants)
{
    return std::ranges::adjacent_find(instants, std::greater_equal<>()) ==
               instants.end() ||
           std::ranges::adjacent_find(instants, std::less_equal<>()) ==
               instants.end();
}

/// Elements of int64 in the coarsest of these units that holds all exactly.
Status storeDates(SourceArray &labels, const InstantsOfLabels &instants,
                  const std::string &calendar)
{
    Status last = refused("they are out of range");
    for (const char *unit :
         {"seconds", "milliseconds", "microseconds", "nanoseconds"})
    {
        labels.array.units = std::string(unit) + " since 1970-01-01";
        labels.bytes.clear();
        MDIMAPPEND_ASSIGN(const TimeEncoding encoding,
                          TimeEncoding::parse(labels.array.units, calendar));
        last = Status::ok();
        for (const Instant &instant : instants)
        {
            const auto number = encodeTimeAsInteger(instant, encoding);
            if (!number)
            {
                last = number.status();
                break;
            }
            labels.bytes.append(reinterpret_cast<const char *>(&*number),
                                sizeof *number);
        }
        if (last)
            break;
    }
    labels.array.type = GDALExtendedDataType::Create(GDT_Int64);
    labels.array.attributes = Json::object();
    labels.array.attributes["units"] = labels.array.units;
    labels.array.attributes["calendar"] = calendar;
    return last;
}

/// An array in memory of the dimension's name; its values are yet to come.
SourceArray labelsLike(const SourceArray &times, const std::string &dimension)
{
    SourceArray labels;
    labels.array = times.array;
    SliceArray &array = labels.array;
    array.name = dimension;
    array.labelsOf = times.array.name;
    array.block = array.shape;
    array.missingValue.reset();
    array.alsoMissing.clear();
    array.document.reset();
    array.stringLength = 0;
    return labels;
}

/// What the array that they come from refers to (bounds) stays with that array.
void describeLabels(SliceArray &labels)
{
    for (const char *name :
         {"bounds", "climatology", "coordinates", "missing_value", "valid_min",
          "valid_max", "valid_range", "ancillary_variables"})
        labels.attributes.erase(name);
    labels.attributes["standard_name"] = "time";
    labels.attributes["axis"] = "T";
}

Status labelsOfTexts(SourceArray &labels, InstantsOfLabels &instants,
                     const SourceArray &times, const SourceDataset &dataset)
{
    MDIMAPPEND_ASSIGN(const auto texts, readTexts(times, dataset));
    MDIMAPPEND_ASSIGN(instants, datesOf(texts, Calendar::ProlepticGregorian));
    return storeDates(labels, instants, "proleptic_gregorian");
}

Status labelsOfNumbers(SourceArray &labels, InstantsOfLabels &instants,
                       const SourceArray &times, const SourceArray *exact,
                       const SourceDataset &dataset)
{
    MDIMAPPEND_ASSIGN(labels.bytes, readNumbers(times, dataset));
    MDIMAPPEND_ASSIGN(instants, instantsOf(times.array, labels.bytes));
    if (!exact || !areInOrder(instants))
        return Status::ok();
    MDIMAPPEND_ASSIGN(const auto texts, readTexts(*exact, dataset));
    std::string calendar = textMember(times.array.attributes, "calendar");
    MDIMAPPEND_ASSIGN(const TimeEncoding encoding,
                      TimeEncoding::parse(times.array.units, calendar));
    auto written = datesOf(texts, encoding.calendar);
    if (!written)
        return Status::ok();
    MDIMAPPEND_ASSIGN(
        const bool isExacter,
        areExacter(labels.bytes, times.array, encoding, instants, *written));
    if (!isExacter)
        return Status::ok();
    instants = std::move(*written);
    if (calendar.empty())
        calendar = "standard";
    return storeDates(labels, instants, calendar);
}

/// Refused, with the reason in words: the times cannot be labels. `exact` is
/// null, or texts that say the same times.
Result<SourceArray> labelsOf(const SourceArray &times, const SourceArray *exact,
                             const std::string &dimension,
                             const SourceDataset &dataset)
{
    MDIMAPPEND_RETURN_IF_ERROR(times.problem);
    MDIMAPPEND_RETURN_IF_ERROR(
        checkReadWhole(times.array.name, times.array.shape));
    if (times.array.scale || times.array.offset)
        return refused("they are packed");
    SourceArray labels = labelsLike(times, dimension);
    InstantsOfLabels instants;
    const bool areTexts = times.array.type.GetClass() == GEDTC_STRING;
    MDIMAPPEND_RETURN_IF_ERROR(
        areTexts ? labelsOfTexts(labels, instants, times, dataset)
                 : labelsOfNumbers(labels, instants, times, exact, dataset));
    if (!areInOrder(instants))
        return refused("they are not in order, each after the one before it");
    describeLabels(labels.array);
    return labels;
}

}  // namespace

Result<FoundLabels> labelsOfAnotherName(SourceContents &contents,
                                        const std::string &dimension,
                                        const SourceDataset &source)
{
    FoundLabels found;
    const auto times = timesAlong(contents, dimension);
    if (contents.find(dimension))
        found.whyNone = "its array of that name is no coordinate";
    else if (times.size() > 1)
        found.whyNone = "several arrays of times lie along it: '" +
                        times[0]->array.name + "', '" + times[1]->array.name +
                        "'";
    else if (!times.empty() && hasInstances(contents))
        found.whyNone = "the times of '" + times[0]->array.name +
                        "' are those of instances (featureType '" +
                        textMember(contents.attributes, "featureType") + "')";
    if (!found.whyNone.empty() || times.empty())
        return found;
    const bool areTexts = times[0]->array.type.GetClass() == GEDTC_STRING;
    auto labels = labelsOf(
        *times[0], areTexts ? nullptr : exactTextsAlong(contents, dimension),
        dimension, source);
    if (labels)
        found.array = std::move(*labels);
    else if (labels.status().kind() == Failure::Unavailable)
        return labels.takeStatus();
    else if (labels.status().kind() == Failure::Error)
        return refused(labels.status().message());
    else
        found.whyNone = "the times of '" + times[0]->array.name +
                        "' cannot be labels: " + labels.status().message();
    return found;
}

}  // namespace mdimappend
