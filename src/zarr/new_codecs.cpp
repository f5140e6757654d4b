// Makes the codecs of new arrays from a compressor's name, level and shuffle.

#include "zarr/new_codecs.h"

#include "zarr/codecs.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mdimappend
{

namespace
{

/// What a codec's own library takes for a level, and does without one: zstd 3,
/// zlib and .xz 6, lz4's acceleration 1, blosc 5. Only blosc:zstd, which is
/// what an array gets that names no compressor, has 3: blosc makes zstd's
/// level 5 of it, and of 5 already 9, for little gain at half the speed.
struct Levels
{
    std::string_view id;
    int lowest;
    int highest;
    int usual;
};

constexpr std::array<Levels, 6> levels{{{"blosc", 0, 9, 5},
                                        {"zstd", 0, 22, 3},
                                        {"gzip", 0, 9, 6},
                                        {"zlib", 0, 9, 6},
                                        {"lzma", 0, 9, 6},
                                        {"lz4", 1, 65537, 1}}};

constexpr std::array<std::string_view, 6> inBlosc{"zstd",    "lz4",  "lz4hc",
                                                  "blosclz", "zlib", "snappy"};

/// V2 numbers them in this order.
constexpr std::array<std::string_view, 3> shuffles{"none", "byte", "bit"};
constexpr std::array<std::string_view, 3> shufflesV3{"noshuffle", "shuffle",
                                                     "bitshuffle"};

constexpr const char *ofBothFormats =
    "blosc:zstd, blosc:lz4, blosc:lz4hc, blosc:blosclz, blosc:zlib, "
    "blosc:snappy, zstd, gzip or none";

/// Checked, and what was left open decided.
struct Compressor
{
    std::string id;     ///< blosc, zstd, ...; empty: none
    std::string cname;  ///< blosc's inner compressor
    int level = 0;
    std::size_t shuffle = 0;  ///< blosc's: an index of `shuffles`
};

Status usage(std::string message)
{
    return {Failure::Usage, std::move(message)};
}

Status checkShuffle(const Compression &compression, const Compressor &made)
{
    const std::string &shuffle = compression.shuffle;
    if (!shuffle.empty() &&
        std::ranges::find(shuffles, shuffle) == shuffles.end())
        return usage("the shuffle '" + shuffle +
                     "' is unknown: expected none, byte or bit");
    if (!shuffle.empty() && shuffle != "none" && made.id != "blosc")
        return usage("the shuffle '" + shuffle +
                     "' is blosc's: the compressor '" + compression.name +
                     "' has none");
    return Status::ok();
}

Status checkLevel(const Compression &compression, const Levels &range)
{
    const auto &level = compression.level;
    if (level && (*level < range.lowest || *level > range.highest))
        return usage("the compressor '" + compression.name + "' has no level " +
                     std::to_string(*level) + ": expected " +
                     std::to_string(range.lowest) + " to " +
                     std::to_string(range.highest));
    return Status::ok();
}

Result<Compressor> parseCompressor(const Compression &compression,
                                   const DataType &type)
{
    const std::string &name = compression.name;
    Compressor made;
    if (name != "none")
        made.id = name.substr(0, name.find(':'));
    MDIMAPPEND_RETURN_IF_ERROR(checkShuffle(compression, made));
    if (name == "none")
        return made;
    if (made.id == "blosc")
        made.cname = name == "blosc" ? "zstd" : name.substr(6);
    const auto range = std::ranges::find(levels, made.id, &Levels::id);
    const bool isKnown =
        range != levels.end() &&
        (made.id == "blosc"
             ? std::ranges::find(inBlosc, made.cname) != inBlosc.end()
             : made.id == name);
    if (!isKnown)
        return usage("the compressor '" + name + "' is unknown: expected " +
                     ofBothFormats + ", or in Zarr V2 zlib, lzma or lz4");
    MDIMAPPEND_RETURN_IF_ERROR(checkLevel(compression, *range));
    MDIMAPPEND_RETURN_IF_ERROR(checkBuilt(made.id, made.cname));
    made.level =
        compression.level.value_or(made.cname == "zstd" ? 3 : range->usual);
    const std::string_view usualShuffle = type.isString() ? "none" : "byte";
    made.shuffle = static_cast<std::size_t>(
        std::ranges::find(shuffles, compression.shuffle.empty()
                                        ? usualShuffle
                                        : compression.shuffle) -
        shuffles.begin());
    return made;
}

Json endianBytes(std::size_t size)
{
    Json codec = {{"name", "bytes"}};
    if (size > 1)
        codec["configuration"] = {{"endian", "little"}};
    return codec;
}

Json bloscV3(const Compressor &compressor, const DataType &type)
{
    const bool isUnicode = type.kind == DataType::Kind::FixedUnicode;
    const std::size_t typeSize =
        type.isString() ? (isUnicode ? 4 : 1) : type.size;
    return {{"name", "blosc"},
            {"configuration",
             {{"typesize", typeSize},
              {"cname", compressor.cname},
              {"clevel", compressor.level},
              {"shuffle", shufflesV3[compressor.shuffle]},
              {"blocksize", 0}}}};
}

}  // namespace

Result<Json> compressorV2(const Compression &compression, const DataType &type)
{
    MDIMAPPEND_ASSIGN(const Compressor compressor,
                      parseCompressor(compression, type));
    const std::string &id = compressor.id;
    if (id.empty())
        return Json(nullptr);
    if (id == "blosc")
        return Json{{"id", id},
                    {"cname", compressor.cname},
                    {"clevel", compressor.level},
                    {"shuffle", compressor.shuffle},
                    {"blocksize", 0}};
    if (id == "lzma")
        return Json{{"id", id},
                    {"format", 1},
                    {"check", -1},
                    {"preset", compressor.level},
                    {"filters", nullptr}};
    return Json{{"id", id},
                {id == "lz4" ? "acceleration" : "level", compressor.level}};
}

Result<Json> codecsV3(const Compression &compression, const DataType &type)
{
    MDIMAPPEND_ASSIGN(const Compressor compressor,
                      parseCompressor(compression, type));
    Json codecs = Json::array();
    if (type.kind == DataType::Kind::VariableUnicode)
        codecs.push_back(
            {{"name", "vlen-utf8"}, {"configuration", Json::object()}});
    else
        codecs.push_back(endianBytes(
            type.kind == DataType::Kind::FixedBytes ? 1 : type.size));
    const std::string &id = compressor.id;
    const int level = compressor.level;
    if (id == "blosc")
        codecs.push_back(bloscV3(compressor, type));
    else if (id == "zstd")
        codecs.push_back(
            {{"name", id},
             {"configuration", {{"level", level}, {"checksum", false}}}});
    else if (id == "gzip")
        codecs.push_back({{"name", id}, {"configuration", {{"level", level}}}});
    else if (!id.empty())
        return usage("the compressor '" + compression.name +
                     "' does not exist in Zarr V3: expected " + ofBothFormats);
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
