// The keys of an encoding, all but those of its compressor.

#include "settings/encoding.h"

#include "settings/encoding_compressor.h"

#include <cmath>

namespace mdimappend
{

namespace
{

Status readDtype(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(const auto text, value.text());
    if (text.starts_with('>'))
        return value.wrong("a type without byte order: new arrays are little "
                           "endian");
    const auto type = numberTypeOf(text);
    if (!type)
        return value.wrong("one of " + numberTypeNames());
    into.encoding.dtype = type;
    return Status::ok();
}

Result<std::vector<std::uint64_t>> sizes(const Value &value)
{
    std::vector<std::uint64_t> sizes;
    if (value.json().is_null())
        return sizes;
    if (!value.json().is_array())
        return value.wrong("a list of sizes, or null");
    for (std::size_t i = 0; i < value.json().size(); ++i)
    {
        const Value element = value.at(i);
        std::int64_t size = 0;
        if (!element.json().is_null())
        {
            MDIMAPPEND_ASSIGN(size, element.whole(0, INT64_MAX));
        }
        sizes.push_back(static_cast<std::uint64_t>(size));
    }
    return sizes;
}

Status readChunk(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(into.encoding.chunk, sizes(value));
    return Status::ok();
}

Status readShard(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(into.encoding.shard, sizes(value));
    return Status::ok();
}

Status readNodata(const Value &value, EncodingReading &into)
{
    Json nodata = value.json();
    if (nodata.is_number_float() && !std::isfinite(nodata.get<double>()))
    {
        const double number = nodata.get<double>();
        nodata = std::isnan(number) ? "NaN"
                 : number > 0       ? "Infinity"
                                    : "-Infinity";
    }
    if (!nodata.is_number() && !nodata.is_null() && nodata != "NaN" &&
        nodata != "Infinity" && nodata != "-Infinity")
        return value.wrong("a number, NaN, Infinity, -Infinity or null");
    into.encoding.nodata = std::move(nodata);
    return Status::ok();
}

Status readScale(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(const double scale, value.number());
    if (scale == 0)
        return value.wrong("a number other than 0");
    into.encoding.scale = scale;
    return Status::ok();
}

Status readOffset(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(into.encoding.offset, value.number());
    return Status::ok();
}

Status readUnits(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(into.encoding.units, value.name());
    return Status::ok();
}

Status readCalendar(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(into.encoding.calendar, value.name());
    return Status::ok();
}

Status readSeparator(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(const auto which,
                      value.choice({".", "/", "dot", "slash"}));
    into.encoding.separator = which % 2 == 0 ? '.' : '/';
    return Status::ok();
}

Status readFilters(const Value &value, EncodingReading &into)
{
    const Json &json = value.json();
    if (!json.is_null() && !json.is_array())
        return value.wrong("a list of filters, or null");
    for (std::size_t i = 0; i < json.size(); ++i)
    {
        const Json &id = member(json[i], "id");
        if (id != "delta" && id != "shuffle")
            return value.at(i).fail(
                "not a filter that GDAL writes: expected {id: delta, dtype: "
                "...} or {id: shuffle, elementsize: ...}");
    }
    into.encoding.filters = json.is_null() ? Json::array() : json;
    return Status::ok();
}

Status ignore(const Value &value, EncodingReading &into)
{
    into.warnings.push_back(
        value.where() + ": ignored; it says how a dataset was read, not how to "
                        "write one");
    return Status::ok();
}

}  // namespace

const std::vector<Key<EncodingReading>> &encodingKeys()
{
    // The compressor is read before its level and shuffle.
    static const std::vector<Key<EncodingReading>> keys = {
        {"dtype", "", readDtype},
        {"chunks", "", readChunk},
        {"chunk", "chunks", readChunk},
        {"shards", "", readShard},
        {"shard", "shards", readShard},
        {"fill_value", "", readNodata},
        {"nodata", "fill_value", readNodata},
        {"_FillValue", "fill_value", readNodata},
        {"missing_value", "fill_value", readNodata},
        {"scale_factor", "", readScale},
        {"scale", "scale_factor", readScale},
        {"add_offset", "", readOffset},
        {"offset", "add_offset", readOffset},
        {"units", "", readUnits},
        {"calendar", "", readCalendar},
        {"compressor", "", readCompressor},
        {"compress", "compressor", readCompressor},
        {"level", "", readLevel},
        {"shuffle", "", readShuffle},
        {"filters", "", readFilters},
        {"separator", "", readSeparator},
        {"dimension_separator", "separator", readSeparator},
        {"preferred_chunks", "", ignore},
        {"original_shape", "", ignore},
        {"source", "", ignore}};
    return keys;
}

Status readEncoding(const Value &encoding, EncodingReading &into)
{
    MDIMAPPEND_RETURN_IF_ERROR(readObject(encoding, encodingKeys(), into));
    return checkLevel(encoding, into.encoding);
}

Json encodingJson(const ArrayEncoding &encoding)
{
    Json json = Json::object();
    const auto sizesJson = [](const std::vector<std::uint64_t> &sizes)
    {
        Json list = Json::array();
        for (const auto size : sizes)
            list.push_back(size == 0 ? Json() : Json(size));
        return sizes.empty() ? Json() : list;
    };
    if (encoding.dtype)
        json["dtype"] = nameOf(*encoding.dtype);
    if (encoding.chunk)
        json["chunks"] = sizesJson(*encoding.chunk);
    if (encoding.shard)
        json["shards"] = sizesJson(*encoding.shard);
    if (encoding.nodata)
        json["fill_value"] = *encoding.nodata;
    if (encoding.scale)
        json["scale_factor"] = *encoding.scale;
    if (encoding.offset)
        json["add_offset"] = *encoding.offset;
    if (encoding.units)
        json["units"] = *encoding.units;
    if (encoding.calendar)
        json["calendar"] = *encoding.calendar;
    if (encoding.compressor)
        json["compressor"] = *encoding.compressor;
    if (encoding.level)
        json["level"] = *encoding.level;
    if (encoding.shuffle)
        json["shuffle"] = *encoding.shuffle;
    if (encoding.filters)
        json["filters"] = *encoding.filters;
    if (encoding.separator)
        json["separator"] = std::string(1, *encoding.separator);
    return json;
}

}  // namespace mdimappend
