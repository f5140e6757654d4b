#include "settings/encoding.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mdimappend
{

namespace
{

struct TypeName
{
    const char *name;
    const char *code;  ///< numpy's
    GDALDataType type;
};

constexpr std::array<TypeName, 13> typeNames{
    {{"int8", "i1", GDT_Int8},
     {"uint8", "u1", GDT_UInt8},
     {"int16", "i2", GDT_Int16},
     {"uint16", "u2", GDT_UInt16},
     {"int32", "i4", GDT_Int32},
     {"uint32", "u4", GDT_UInt32},
     {"int64", "i8", GDT_Int64},
     {"uint64", "u8", GDT_UInt64},
     {"float16", "f2", GDT_Float16},
     {"float32", "f4", GDT_Float32},
     {"float64", "f8", GDT_Float64},
     {"complex64", "c8", GDT_CFloat32},
     {"complex128", "c16", GDT_CFloat64}}};

const std::vector<std::string> shuffles = {"none", "byte", "bit"};

const std::vector<std::string> compressors = {
    "none",          "blosc:zstd", "blosc:lz4",    "blosc:lz4hc",
    "blosc:blosclz", "blosc:zlib", "blosc:snappy", "zstd",
    "gzip",          "zlib",       "lzma",         "lz4"};

Status readDtype(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(const auto text, value.text());
    if (text.starts_with('>'))
        return value.wrong("a type without byte order: new arrays are little "
                           "endian");
    const bool hasOrder =
        text.starts_with('<') || text.starts_with('=') || text.starts_with('|');
    std::string names;
    for (const auto &each : typeNames)
    {
        if (text == each.name || text.substr(hasOrder ? 1 : 0) == each.code)
        {
            into.encoding.dtype = each.type;
            return Status::ok();
        }
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    return value.wrong("one of " + names);
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

Status readLevel(const Value &value, EncodingReading &into)
{
    // lz4 counts acceleration; others have at most 22.
    const bool isLz4 = into.encoding.compressor == "lz4";
    MDIMAPPEND_ASSIGN(const auto level, value.whole(0, isLz4 ? 65537 : 22));
    into.encoding.level = static_cast<int>(level);
    return Status::ok();
}

Status readShuffle(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(const auto which, value.choice(shuffles));
    into.encoding.shuffle = shuffles[which];
    return Status::ok();
}

/// A configuration of numcodecs: all of it, so what an earlier file said of
/// level and shuffle is forgotten.
Status readNumcodecs(const Value &value, EncodingReading &into)
{
    const Json &json = value.json();
    if (!member(json, "id").is_string())
        return value.fail("a compressor has an 'id', as in {id: zstd, level: "
                          "3}");
    const std::string id = json["id"].get<std::string>();
    static const std::map<std::string, std::vector<std::string>> known = {
        {"blosc",
         {"id", "cname", "clevel", "shuffle", "blocksize", "typesize"}},
        {"zstd", {"id", "level", "checksum"}},
        {"gzip", {"id", "level"}},
        {"zlib", {"id", "level"}},
        {"lz4", {"id", "acceleration"}},
        {"lzma", {"id", "preset", "format", "check", "filters"}}};
    const auto keys = known.find(id);
    if (keys == known.end())
        return value.fail("the compressor '" + id +
                          "' is none of blosc, zstd, gzip, zlib, lzma, lz4");
    for (const auto &[key, ignored] : json.items())
    {
        if (!std::ranges::count(keys->second, key))
            return unknownKey(value, key, keys->second);
    }
    auto &encoding = into.encoding;
    encoding.compressor = id;
    encoding.level.reset();
    encoding.shuffle.reset();
    if (id == "blosc")
    {
        std::string cname = "lz4";  // numcodecs' default
        if (json.contains("cname"))
        {
            MDIMAPPEND_ASSIGN(cname, value.at("cname").name());
        }
        encoding.compressor = "blosc:" + cname;
        if (!std::ranges::count(compressors, *encoding.compressor))
            return value.fail("blosc has no '" + cname + "'");
        if (json.contains("shuffle"))
        {
            // -1 lets numcodecs choose, and us.
            MDIMAPPEND_ASSIGN(const auto which,
                              value.at("shuffle").whole(-1, 2));
            if (which >= 0)
                encoding.shuffle = shuffles[static_cast<std::size_t>(which)];
        }
        if (json.contains("blocksize") && json["blocksize"] != 0)
            into.warnings.push_back(value.at("blocksize").where() +
                                    ": ignored; blosc chooses");
    }
    for (const char *key : {"clevel", "level", "acceleration", "preset"})
    {
        if (json.contains(key) && !json[key].is_null())
            MDIMAPPEND_RETURN_IF_ERROR(readLevel(value.at(key), into));
    }
    const auto requireUsual = [&](const char *key, const Json &usual)
    {
        return !json.contains(key) || json[key] == usual
                   ? Status::ok()
                   : value.at(key).wrong(dumpJson(usual, -1) +
                                         ", which is all that is written");
    };
    MDIMAPPEND_RETURN_IF_ERROR(requireUsual("checksum", false));
    MDIMAPPEND_RETURN_IF_ERROR(requireUsual("format", 1));
    MDIMAPPEND_RETURN_IF_ERROR(requireUsual("check", -1));
    return requireUsual("filters", nullptr);
}

Status readCompressor(const Value &value, EncodingReading &into)
{
    auto &encoding = into.encoding;
    if (value.json().is_object())
        return readNumcodecs(value, into);
    if (!value.json().is_null() && !value.json().is_string())
        return value.wrong("a compressor's name, an object with its id, or "
                           "null");
    encoding.compressor = "none";
    if (value.json() == "blosc")
        encoding.compressor = "blosc:zstd";
    else if (value.json().is_string())
    {
        MDIMAPPEND_ASSIGN(const auto which, value.choice(compressors));
        encoding.compressor = compressors[which];
    }
    if (encoding.compressor == "none")
    {
        encoding.level.reset();
        encoding.shuffle.reset();
    }
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
                "no filter that GDAL writes: expected {id: delta, dtype: ...} "
                "or {id: shuffle, elementsize: ...}");
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

/// Level and compressor may come from different files: checked together.
Status checkLevel(const Value &place, const ArrayEncoding &encoding)
{
    if (!encoding.compressor)
        return Status::ok();
    const std::string &name = *encoding.compressor;
    const bool isBlosc = name.starts_with("blosc");
    if (encoding.shuffle && !isBlosc)
        return place.fail("the compressor '" + name +
                          "' does not shuffle: shuffle is blosc's");
    if (!encoding.level || name == "none")
        return Status::ok();
    const bool isLz4 = name == "lz4";
    const int lowest = isLz4 || name == "zstd" ? 1 : 0;
    const int highest = isLz4 ? 65537 : name == "zstd" ? 22 : 9;
    if (*encoding.level < lowest || *encoding.level > highest)
        return place.fail("the compressor '" + name + "' has no level " +
                          std::to_string(*encoding.level) + ": expected " +
                          std::to_string(lowest) + " to " +
                          std::to_string(highest));
    return Status::ok();
}

}  // namespace

const std::vector<Key<EncodingReading>> &encodingKeys()
{
    // The compressor before its level and shuffle.
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
    {
        const auto found =
            std::ranges::find(typeNames, *encoding.dtype, &TypeName::type);
        if (found != typeNames.end())
            json["dtype"] = found->name;
    }
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
