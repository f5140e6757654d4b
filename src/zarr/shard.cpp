// Writes and reads the index of a shard, which is before or after its chunks.

#include "zarr/shard.h"

#include "json/json_text.h"
#include "zarr/little_endian.h"

#include <array>
#include <limits>

namespace mdimappend
{

namespace
{

constexpr std::size_t placeSize = 2 * sizeof(std::uint64_t);
constexpr std::size_t checksumSize = sizeof(std::uint32_t);
constexpr auto nowhere = std::numeric_limits<std::uint64_t>::max();

constexpr std::array<std::uint32_t, 256> castagnoliTable()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte)
    {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
        table[byte] = crc;
    }
    return table;
}

/// CRC-32C (Castagnoli).
std::uint32_t crc32c(std::string_view bytes)
{
    static constexpr auto table = castagnoliTable();
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes)
        crc =
            (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(byte)) & 255];
    return ~crc;
}

/// 0 for more than an index may have.
std::size_t countInnerChunks(const ArrayDocument &array)
{
    constexpr std::uint64_t most = 1 << 24;
    std::uint64_t count = 1;
    for (std::size_t i = 0; i < array.chunk.size(); ++i)
    {
        const auto along = array.chunk[i] / array.innerChunk[i];
        if (along > most / count)
            return 0;
        count *= along;
    }
    return static_cast<std::size_t>(count);
}

}  // namespace

std::optional<ShardLayout> ShardLayout::of(const ArrayDocument &array)
{
    const Json &codecs = member(array.metadata, "codecs");
    if (!array.sharded || !codecs.is_array() || codecs.size() != 1)
        return std::nullopt;
    const Json &configuration = member(codecs[0], "configuration");
    ShardLayout layout;
    layout.innerChunks = countInnerChunks(array);
    if (layout.innerChunks == 0)
        return std::nullopt;
    bool hasBytes = false;
    for (const Json &codec : member(configuration, "index_codecs"))
    {
        const auto name = textMember(codec, "name");
        if (layout.hasChecksum || (name != "bytes" && name != "crc32c") ||
            hasBytes == (name == "bytes"))
            return std::nullopt;
        if (name == "crc32c")
            layout.hasChecksum = true;
        else
            layout.isLittleEndian = textMember(member(codec, "configuration"),
                                               "endian") == "little";
        hasBytes = true;
    }
    const auto location = textMember(configuration, "index_location");
    layout.indexIsFirst = location == "start";
    return layout;
}

std::size_t ShardLayout::indexSize() const
{
    return innerChunks * placeSize + (hasChecksum ? checksumSize : 0);
}

ShardObject::ShardObject(const ShardLayout &layout)
    : m_layout(layout), m_index(layout.innerChunks)
{
    clear();
}

void ShardObject::clear()
{
    m_index.assign(m_index.size(), {nowhere, nowhere});
    m_bytes.resize(m_layout.indexIsFirst ? m_layout.indexSize() : 0);
}

void ShardObject::add(std::size_t number, std::string_view encoded)
{
    m_index[number] = {m_bytes.size(), encoded.size()};
    m_bytes += encoded;
}

std::string_view ShardObject::finish()
{
    const auto at = m_layout.indexIsFirst ? 0 : m_bytes.size();
    if (!m_layout.indexIsFirst)
        m_bytes.resize(at + m_layout.indexSize());
    char *const index = m_bytes.data() + at;
    char *end = index;
    for (const Place &place : m_index)
    {
        putLittleEndian(place.offset, end);
        putLittleEndian(place.size, end + sizeof place.offset);
        end += placeSize;
    }
    if (m_layout.hasChecksum)
        putLittleEndian(crc32c({index, static_cast<std::size_t>(end - index)}),
                        end);
    return m_bytes;
}

bool isWholeShard(const ShardLayout &layout, std::string_view object,
                  const std::function<bool(std::string_view)> &isWhole)
{
    const auto size = layout.indexSize();
    if (!layout.isLittleEndian || object.size() < size)
        return false;
    auto index =
        object.substr(layout.indexIsFirst ? 0 : object.size() - size, size);
    const auto places = index.substr(0, layout.innerChunks * placeSize);
    if (layout.hasChecksum && littleEndian<std::uint32_t>(index.substr(
                                  places.size())) != crc32c(places))
        return false;
    for (std::size_t i = 0; i < places.size(); i += placeSize)
    {
        const auto offset = littleEndian<std::uint64_t>(places.substr(i));
        const auto length =
            littleEndian<std::uint64_t>(places.substr(i + placeSize / 2));
        if (offset == nowhere && length == nowhere)
            continue;
        if (offset > object.size() || length > object.size() - offset ||
            !isWhole(object.substr(offset, length)))
            return false;
    }
    return true;
}

std::optional<std::string> emptyShard(const ArrayDocument &array)
{
    const auto layout = ShardLayout::of(array);
    if (!layout)
        return std::nullopt;
    // 2^64 - 1 is the same in both byte orders.
    return std::string(ShardObject(*layout).finish());
}

}  // namespace mdimappend
