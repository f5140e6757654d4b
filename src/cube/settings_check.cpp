// Looks at each setting by itself. What depends on a slice's arrays is refused
// where they are met.

#include "cube/settings_check.h"

#include "cube/array_encoding.h"
#include "cube/missing_value.h"
#include "cube/target_attributes.h"
#include "slice/asked_names.h"
#include "time/cf_time.h"
#include "zarr/new_codecs.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

Status wrong(const std::string &array, const std::string &why)
{
    return {Failure::Usage, "array '" + array + "': " + why};
}

/// What other settings say is not said here again.
Status checkAttributes(const std::string &name, const Json &attributes)
{
    for (const char *own : {"scale_factor", "add_offset", "_FillValue",
                            "_ARRAY_DIMENSIONS", "calendar"})
    {
        if (attributes.contains(own))
            return wrong(name, "the attribute '" + std::string(own) +
                                   "' belongs in the encoding of the settings");
    }
    return Status::ok();
}

/// Which dates and units there are depends on the calendar, which the slice
/// says if the settings do not.
Status checkTime(const std::string &name, const ArrayEncoding &asked)
{
    const auto wanted = asked.units.value_or("keep");
    const bool areTime = looksLikeTime(wanted);
    if (!areTime && !asked.calendar)
        return Status::ok();
    const std::string parsed = areTime ? wanted : "days since 2000-01-01";
    const auto first =
        TimeEncoding::parse(parsed, asked.calendar.value_or("standard"));
    const auto isSome = [&](const char *calendar)
    { return static_cast<bool>(TimeEncoding::parse(parsed, calendar)); };
    const auto calendars = {"proleptic_gregorian", "noleap", "all_leap",
                            "360_day"};
    if (first || (!asked.calendar && std::ranges::any_of(calendars, isSome)))
        return Status::ok();
    return wrong(name, first.status().message());
}

Status checkEncoding(const std::string &name, const ArrayEncoding &asked)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkAttributes(name, asked.attributes));
    MDIMAPPEND_RETURN_IF_ERROR(checkTime(name, asked));
    const auto type = askedType(asked);
    if (type && asked.nodata)
    {
        auto element = nodataElement(*asked.nodata, *type);
        if (!element)
            return wrong(name, element.status().message());
    }
    const auto hasRank = [](const auto &sizes)
    { return sizes && !sizes->empty(); };
    // Those of all arrays are for the ones that have as many dimensions.
    if (name != "*" && hasRank(asked.chunk) && hasRank(asked.shard) &&
        asked.chunk->size() != asked.shard->size())
        return wrong(name, "its chunk has " +
                               std::to_string(asked.chunk->size()) +
                               " sizes, its shard " +
                               std::to_string(asked.shard->size()));
    return Status::ok();
}

Status checkCompressor(ZarrFormat format, const std::string &name,
                       const ArrayEncoding &asked)
{
    const DataType anyType{DataType::Kind::Numeric, GDT_UInt8, 1, {}};
    const NewArray usual;
    const Compression compression{asked.compressor.value_or(usual.compressor),
                                  asked.level ? asked.level : usual.level,
                                  asked.shuffle.value_or("")};
    auto made = format == ZarrFormat::V2 ? compressorV2(compression, anyType)
                                         : codecsV3(compression, anyType);
    return made ? Status::ok()
                : made.takeStatus().prefixed("array '" + name + "'");
}

Status checkEach(const AppendOptions &options)
{
    if (options.groups && !options.sliceGroup.empty())
        return {Failure::Usage,
                "slice_group takes one group of a slice, groups takes all: "
                "they exclude each other"};
    for (const auto &[name, asked] : options.encodings)
        MDIMAPPEND_RETURN_IF_ERROR(checkEncoding(name, asked));
    MDIMAPPEND_RETURN_IF_ERROR(checkTemplates(options));
    MDIMAPPEND_RETURN_IF_ERROR(checkNewNames(options.renamedArrays));
    return checkLabelFrom(options.labelFrom);
}

}  // namespace

Status checkSettings(const AppendOptions &options)
{
    return checkEach(options).suffixed("Nothing was written.");
}

Status checkSettingsFor(ZarrFormat format, const AppendOptions &options)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        checkCompressor(format, "*", encodingOf(options.encodings, "*")));
    for (const auto &[name, own] : options.encodings)
    {
        const auto asked = encodingOf(options.encodings, name);
        MDIMAPPEND_RETURN_IF_ERROR(checkCompressor(format, name, asked));
        if (format == ZarrFormat::V2 && own.shard)
            return wrong(name, "Zarr V2 has no shards");
        if (format == ZarrFormat::V3 && own.filters && !own.filters->empty())
            return wrong(name,
                         "the filters " + dumpJson(*own.filters, -1) +
                             " need Zarr V2: GDAL's driver writes no V3 codec "
                             "for them; blosc's shuffle exists in both");
    }
    return Status::ok();
}

}  // namespace mdimappend
