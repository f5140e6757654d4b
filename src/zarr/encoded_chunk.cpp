// Compares how two arrays store their chunks, and checks an encoded chunk by
// what its codec says of its decoded size.

#include "zarr/encoded_chunk.h"

#include "zarr/blosc_object.h"
#include "zarr/shard.h"

#include <cpl_compressor.h>
#include <cpl_error.h>

#include <limits>
#include <vector>

namespace mdimappend
{

namespace
{

/// Members in whatever order they were written.
bool isSame(const Json &a, const Json &b)
{
    return nlohmann::json(a) == nlohmann::json(b);
}

}  // namespace

const Json &chunkCodecs(const ArrayDocument &array)
{
    const Json &codecs = member(array.metadata, "codecs");
    return array.sharded
               ? member(member(codecs.at(0), "configuration"), "codecs")
               : codecs;
}

std::string onlyCompressor(const ArrayDocument &array)
{
    const auto known = [](const std::string &name)
    {
        return name == "blosc" || name == "zstd" || name == "gzip" ||
                       name == "zlib"
                   ? name
                   : std::string("?");
    };
    const Json &metadata = array.metadata;
    if (array.format == ZarrFormat::V2)
    {
        const Json &filters = member(metadata, "filters");
        const Json &compressor = member(metadata, "compressor");
        if (!filters.is_null() && !filters.empty())
            return "?";
        return compressor.is_null() ? "" : known(textMember(compressor, "id"));
    }
    const Json &codecs = chunkCodecs(array);
    if (codecs.empty() || codecs.size() > 2 ||
        textMember(codecs[0], "name") != "bytes")
        return "?";
    return codecs.size() == 1 ? "" : known(textMember(codecs[1], "name"));
}

std::optional<std::string> decodeObject(const std::string &compressor,
                                        std::string_view object,
                                        std::uint64_t size)
{
    const auto *codec = CPLGetDecompressor(compressor.c_str());
    if (!codec)
        return std::nullopt;
    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    // The room is one byte larger, so that what holds more is noticed.
    std::string decoded(static_cast<std::size_t>(size) + 1, '\0');
    void *output = decoded.data();
    std::size_t written = decoded.size();
    if (!codec->pfnFunc(object.data(), object.size(), &output, &written,
                        nullptr, codec->user_data) ||
        written != size)
        return std::nullopt;
    decoded.resize(written);
    return decoded;
}

std::uint64_t largestEncoded(const ArrayDocument &array)
{
    if (array.dataType.size == 0)
        return std::numeric_limits<std::uint64_t>::max();
    constexpr std::uint64_t overhead = 128;
    const auto innerChunks =
        array.sharded
            ? chunkBytes(array.chunk, 1) / chunkBytes(array.innerChunk, 1) + 1
            : 0;
    return 2 * chunkBytes(array.chunk, array.dataType.size) +
           innerChunks * overhead + (1 << 20);
}

bool haveSameEncoding(const ArrayDocument &a, const ArrayDocument &b)
{
    if (a.format != b.format || a.sharded != b.sharded || a.chunk != b.chunk ||
        a.dataType.isString() || onlyCompressor(a) == "?")
        return false;
    const auto names =
        a.format == ZarrFormat::V2
            ? std::vector<const char *>{"dtype", "compressor", "filters",
                                        "order", "fill_value"}
            : std::vector<const char *>{"data_type", "codecs", "fill_value"};
    for (const char *name : names)
    {
        if (!isSame(member(a.metadata, name), member(b.metadata, name)))
            return false;
    }
    return true;
}

bool isWholeChunk(const ArrayDocument &array, std::string_view object)
{
    const auto size = chunkBytes(array.innerChunk, array.dataType.size);
    const auto compressor = onlyCompressor(array);
    const auto isWhole = [&](std::string_view encoded)
    {
        if (compressor.empty())
            return encoded.size() == size;
        return compressor == "blosc"
                   ? isWholeBlosc(encoded, size)
                   : decodeObject(compressor, encoded, size).has_value();
    };
    if (!array.sharded)
        return isWhole(object);
    const auto layout = ShardLayout::of(array);
    return layout && isWholeShard(*layout, object, isWhole);
}

}  // namespace mdimappend
