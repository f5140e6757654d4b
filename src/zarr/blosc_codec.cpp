// Encodes whole chunks with GDAL's Blosc, for arrays whose chunks are nothing
// but their elements in memory.

#include "zarr/blosc_codec.h"

#include "zarr/encoded_chunk.h"

#include <cpl_compressor.h>
#include <cpl_error.h>
#include <cpl_string.h>

#include <algorithm>
#include <bit>

namespace mdimappend
{

namespace
{

bool liesInMemoryOrder(const ArrayDocument &array)
{
    if (std::endian::native != std::endian::little)
        return false;
    if (array.format == ZarrFormat::V2)
        return textMember(array.metadata, "order") == "C" &&
               !array.dataType.name.starts_with('>');
    const Json &bytes = chunkCodecs(array).at(0);
    return array.dataType.size == 1 ||
           textMember(member(bytes, "configuration"), "endian") == "little";
}

/// "" for what is not known here.
std::string shuffleOf(const Json &shuffle)
{
    if (shuffle == 0 || shuffle == "noshuffle")
        return "NONE";
    if (shuffle == 1 || shuffle == "shuffle")
        return "BYTE";
    return shuffle == 2 || shuffle == "bitshuffle" ? "BIT" : "";
}

}  // namespace

std::optional<BloscSettings> BloscSettings::of(const ArrayDocument &array)
{
    if (array.dataType.isString() || array.rank() == 0 ||
        onlyCompressor(array) != "blosc" || !liesInMemoryOrder(array))
        return std::nullopt;
    const bool isV2 = array.format == ZarrFormat::V2;
    const Json &configuration =
        isV2 ? member(array.metadata, "compressor")
             : member(chunkCodecs(array).at(1), "configuration");
    const Json &level = member(configuration, "clevel");
    BloscSettings settings;
    settings.compressor = textMember(configuration, "cname");
    settings.shuffle = shuffleOf(member(configuration, "shuffle"));
    settings.typeSize =
        isV2 ? array.dataType.size : countMember(configuration, "typesize");
    settings.blockSize = countMember(configuration, "blocksize");
    constexpr std::uint64_t most = 1 << 30;
    if (settings.compressor.empty() || settings.shuffle.empty() ||
        !level.is_number_integer() || level < 1 || level > 9 ||
        settings.typeSize == 0 || settings.typeSize > most ||
        settings.blockSize > most)
        return std::nullopt;
    settings.level = level.get<int>();
    return settings;
}

std::optional<std::string_view> bloscEncode(const BloscSettings &settings,
                                            std::string_view bytes,
                                            std::string &room)
{
    const auto *codec = CPLGetCompressor("blosc");
    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    CPLStringList options;
    options.SetNameValue("CNAME", settings.compressor.c_str());
    options.SetNameValue("CLEVEL", std::to_string(settings.level).c_str());
    options.SetNameValue("SHUFFLE", settings.shuffle.c_str());
    options.SetNameValue("TYPESIZE", std::to_string(settings.typeSize).c_str());
    options.SetNameValue("BLOCKSIZE",
                         std::to_string(settings.blockSize).c_str());
    // Blosc adds that much to bytes that it cannot make smaller.
    constexpr std::size_t overhead = 16;
    room.resize(std::max(room.size(), bytes.size() + overhead));
    void *output = room.data();
    std::size_t written = bytes.size() + overhead;
    if (!codec || !codec->pfnFunc(bytes.data(), bytes.size(), &output, &written,
                                  options.List(), codec->user_data))
        return std::nullopt;
    return std::string_view(room.data(), written);
}

}  // namespace mdimappend
