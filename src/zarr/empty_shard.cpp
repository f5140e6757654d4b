// Makes the object of a shard that holds no chunk, from the codecs of its
// index.

#include "zarr/empty_shard.h"

#include "json/json_text.h"

#include <cstdint>

namespace mdimappend
{

namespace
{

/// CRC-32C (Castagnoli), bit by bit: of some hundred bytes, once.
std::uint32_t crc32c(const std::string &bytes)
{
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes)
    {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
    }
    return ~crc;
}

}  // namespace

std::optional<std::string> emptyShard(const ArrayDocument &document)
{
    const Json &codecs = member(document.metadata, "codecs");
    if (!codecs.is_array() || codecs.size() != 1 ||
        member(codecs[0], "name") != "sharding_indexed")
        return std::nullopt;
    const Json &configuration = member(codecs[0], "configuration");
    const Json &inner = member(configuration, "chunk_shape");
    if (!inner.is_array() || inner.size() != document.chunk.size())
        return std::nullopt;
    std::size_t count = 1;
    for (std::size_t i = 0; i < inner.size(); ++i)
    {
        if (!inner[i].is_number_integer() || inner[i].get<std::int64_t>() < 1)
            return std::nullopt;
        count *= document.chunk[i] / inner[i].get<std::uint64_t>();
    }
    bool hasChecksum = false;
    for (const Json &codec : member(configuration, "index_codecs"))
    {
        const auto name = textMember(codec, "name");
        if (name == "crc32c" && !hasChecksum)
            hasChecksum = true;
        else if (name != "bytes" || hasChecksum)
            return std::nullopt;
    }
    // The index has offset and size of each inner chunk, 2^64 - 1 for those
    // that are not there: the same in both byte orders.
    std::string index(16 * count, '\xFF');
    if (hasChecksum)
    {
        const auto crc = crc32c(index);
        for (int shift = 0; shift < 32; shift += 8)
            index.push_back(static_cast<char>((crc >> shift) & 0xFF));
    }
    return index;
}

}  // namespace mdimappend
