#include "zarr/codecs.h"

#include <cpl_compressor.h>

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

std::string nameIn(const Json &codec, std::string_view key)
{
    const Json &name = member(codec, key);
    return name.is_string() ? name.get<std::string>() : std::string();
}

template <std::size_t n>
bool isOneOf(std::string_view name, const std::string_view (&names)[n])
{
    return std::ranges::find(names, name) != std::end(names);
}

Status cannotEncode(std::string_view what, const Json &codec)
{
    return error("the " + std::string(what) + " " + dumpJson(codec, -1) +
                 " cannot be written by GDAL's Zarr driver");
}

/// What this build of GDAL was made with.
Status checkBuilt(const std::string &name)
{
    if (!CPLGetCompressor(name.c_str()))
        return error("this GDAL was built without the compressor '" + name +
                     "'");
    return Status::ok();
}

enum class Step
{
    ArrayToArray,
    ArrayToBytes,
    BytesToBytes,
    Unknown
};

Step stepOf(std::string_view name)
{
    if (name == "transpose")
        return Step::ArrayToArray;
    if (isOneOf(name, {"bytes", "endian", "vlen-utf8", "sharding_indexed"}))
        return Step::ArrayToBytes;
    if (isOneOf(name, {"blosc", "zstd", "gzip", "crc32c"}))
        return Step::BytesToBytes;
    return Step::Unknown;
}

Status checkArrayToBytes(const std::string &name, const DataType &type)
{
    const bool isVariable = type.kind == DataType::Kind::VariableUnicode;
    if (isVariable != (name == "vlen-utf8"))
        return error("the codec '" + name + "' does not fit the data type '" +
                     type.name + "'");
    return Status::ok();
}

/// One chunk's codecs: any array to array, one array to bytes, any bytes to
/// bytes.
Status checkChain(const Json &codecs, const DataType &type, bool mayShard)
{
    if (!codecs.is_array())
        return error("'codecs' is missing or not a list");
    Step last = Step::ArrayToArray;
    for (const Json &codec : codecs)
    {
        const std::string name = nameIn(codec, "name");
        const Step step = stepOf(name);
        if (step == Step::Unknown)
            return cannotEncode("codec", codec);
        if (name == "sharding_indexed" && !mayShard)
            return error("shards within shards (sharding_indexed in "
                         "sharding_indexed) are not supported");
        const bool isInOrder = step == Step::BytesToBytes
                                   ? last != Step::ArrayToArray
                                   : last == Step::ArrayToArray;
        if (!isInOrder)
            return error("the codec '" + name +
                         "' stands at the wrong place "
                         "in " +
                         dumpJson(codecs, -1));
        if (step == Step::ArrayToBytes && name != "sharding_indexed")
            MDIMAPPEND_RETURN_IF_ERROR(checkArrayToBytes(name, type));
        if (step == Step::BytesToBytes && name != "crc32c")
            MDIMAPPEND_RETURN_IF_ERROR(checkBuilt(name));
        last = step;
    }
    if (last == Step::ArrayToArray)
        return error("'codecs' has no codec that makes bytes of an array");
    return Status::ok();
}

Status checkIndexCodecs(const Json &codecs)
{
    const bool isKnown =
        codecs.is_array() && !codecs.empty() &&
        nameIn(codecs[0], "name") == "bytes" &&
        (codecs.size() == 1 ||
         (codecs.size() == 2 && nameIn(codecs[1], "name") == "crc32c"));
    return isKnown ? Status::ok() : cannotEncode("shard index codecs", codecs);
}

}  // namespace

Status checkCompressionV2(const Json &compressor, const Json &filters)
{
    if (!compressor.is_null())
    {
        const std::string id = nameIn(compressor, "id");
        if (!isOneOf(id, {"blosc", "zlib", "gzip", "lzma", "zstd", "lz4"}))
            return cannotEncode("compressor", compressor);
        MDIMAPPEND_RETURN_IF_ERROR(checkBuilt(id));
    }
    if (filters.is_null())
        return Status::ok();
    if (!filters.is_array())
        return error("'filters' is not a list");
    for (const Json &filter : filters)
    {
        if (!isOneOf(nameIn(filter, "id"), {"delta", "shuffle"}))
            return cannotEncode("filter", filter);
    }
    return Status::ok();
}

bool rotatesAxes(const Json &codecs)
{
    for (const Json &codec : codecs.is_array() ? codecs : Json::array())
    {
        if (!codec.is_object())
            continue;
        const Json configuration = codec.value("configuration", Json::object());
        if (!configuration.is_object())
            continue;
        if (rotatesAxes(configuration.value("codecs", Json())))
            return true;
        const Json order = configuration.value("order", Json());
        if (codec.value("name", Json()) != "transpose" || !order.is_array())
            continue;
        for (std::size_t i = 0; i < order.size(); ++i)
        {
            const auto to = order[i].is_number_integer()
                                ? order[i].get<std::size_t>()
                                : order.size();
            if (to >= order.size() || order[to] != i)
                return true;
        }
    }
    return false;
}

Result<const Json *> checkCodecsV3(const Json &codecs, const DataType &type)
{
    if (rotatesAxes(codecs))
        return error("a transpose codec has an order that GDAL's Zarr driver "
                     "misreads");
    MDIMAPPEND_RETURN_IF_ERROR(checkChain(codecs, type, true));
    const auto sharding = std::ranges::find_if(
        codecs, [](const Json &codec)
        { return nameIn(codec, "name") == "sharding_indexed"; });
    if (sharding == codecs.end())
        return nullptr;
    if (codecs.size() > 1)
        return error(
            "the codec 'sharding_indexed' is combined with others in " +
            dumpJson(codecs, -1) + ": such shards cannot be read in parts");
    const Json &configuration = member(*sharding, "configuration");
    MDIMAPPEND_RETURN_IF_ERROR(
        checkChain(member(configuration, "codecs"), type, false));
    MDIMAPPEND_RETURN_IF_ERROR(
        checkIndexCodecs(member(configuration, "index_codecs")));
    return &configuration;
}

namespace
{

struct Compressor
{
    std::string id;     ///< blosc, zstd, ...; empty: none
    std::string cname;  ///< blosc's inner compressor
};

struct LevelRange
{
    std::string_view id;
    int lowest;
    int highest;
};

constexpr std::array<LevelRange, 6> levelRanges{{{"blosc", 0, 9},
                                                 {"zstd", 1, 22},
                                                 {"gzip", 0, 9},
                                                 {"zlib", 0, 9},
                                                 {"lzma", 0, 9},
                                                 {"lz4", 1, 65537}}};

Result<Compressor> parseCompressor(const std::string &name, int level)
{
    Compressor compressor;
    if (name == "none")
        return compressor;
    const auto colon = name.find(':');
    compressor.id = name.substr(0, colon);
    if (compressor.id == "blosc")
        compressor.cname = colon == name.npos ? "zstd" : name.substr(colon + 1);
    const auto range =
        std::ranges::find(levelRanges, compressor.id, &LevelRange::id);
    const bool isKnown =
        range != levelRanges.end() &&
        (compressor.id == "blosc"
             ? isOneOf(compressor.cname,
                       {"zstd", "lz4", "lz4hc", "blosclz", "zlib", "snappy"})
             : colon == name.npos);
    if (!isKnown)
        return error("the compressor '" + name +
                     "' is unknown: expected blosc:zstd, blosc:lz4, zstd, gzip "
                     "or none, or in Zarr V2 zlib, lzma or lz4");
    if (level < range->lowest || level > range->highest)
        return error("the compressor '" + name + "' has no level " +
                     std::to_string(level) + ": expected " +
                     std::to_string(range->lowest) + " to " +
                     std::to_string(range->highest));
    MDIMAPPEND_RETURN_IF_ERROR(checkBuilt(compressor.id));
    return compressor;
}

Json endianBytes(std::size_t size)
{
    Json codec = {{"name", "bytes"}};
    if (size > 1)
        codec["configuration"] = {{"endian", "little"}};
    return codec;
}

Json bloscV3(const Compressor &compressor, int level, const DataType &type)
{
    const bool isUnicode = type.kind == DataType::Kind::FixedUnicode;
    const std::size_t typeSize =
        type.isString() ? (isUnicode ? 4 : 1) : type.size;
    return {{"name", "blosc"},
            {"configuration",
             {{"typesize", typeSize},
              {"cname", compressor.cname},
              {"clevel", level},
              {"shuffle", type.isString() ? "noshuffle" : "shuffle"},
              {"blocksize", 0}}}};
}

}  // namespace

Result<Json> compressorV2(const std::string &name, int level,
                          const DataType &type)
{
    MDIMAPPEND_ASSIGN(const Compressor compressor,
                      parseCompressor(name, level));
    const std::string &id = compressor.id;
    if (id.empty())
        return Json(nullptr);
    if (id == "blosc")
        return Json{{"id", id},
                    {"cname", compressor.cname},
                    {"clevel", level},
                    {"shuffle", type.isString() ? 0 : 1},
                    {"blocksize", 0}};
    if (id == "lzma")
        return Json{{"id", id},
                    {"format", 1},
                    {"check", -1},
                    {"preset", level},
                    {"filters", nullptr}};
    return Json{{"id", id}, {id == "lz4" ? "acceleration" : "level", level}};
}

Result<Json> codecsV3(const std::string &name, int level, const DataType &type)
{
    MDIMAPPEND_ASSIGN(const Compressor compressor,
                      parseCompressor(name, level));
    Json codecs = Json::array();
    if (type.kind == DataType::Kind::VariableUnicode)
        codecs.push_back(
            {{"name", "vlen-utf8"}, {"configuration", Json::object()}});
    else
        codecs.push_back(endianBytes(
            type.kind == DataType::Kind::FixedBytes ? 1 : type.size));
    const std::string &id = compressor.id;
    if (id == "blosc")
        codecs.push_back(bloscV3(compressor, level, type));
    else if (id == "zstd")
        codecs.push_back(
            {{"name", id},
             {"configuration", {{"level", level}, {"checksum", false}}}});
    else if (id == "gzip")
        codecs.push_back({{"name", id}, {"configuration", {{"level", level}}}});
    else if (!id.empty())
        return error("the compressor '" + name + "' does not exist in Zarr V3");
    return codecs;
}

Json shardedCodecsV3(const std::vector<std::uint64_t> &innerChunk,
                     const Json &codecs)
{
    const Json indexCodecs =
        Json::array({endianBytes(8), Json{{"name", "crc32c"}}});
    return Json::array({Json{{"name", "sharding_indexed"},
                             {"configuration",
                              {{"chunk_shape", innerChunk},
                               {"codecs", codecs},
                               {"index_codecs", indexCodecs},
                               {"index_location", "end"}}}}});
}

}  // namespace mdimappend
