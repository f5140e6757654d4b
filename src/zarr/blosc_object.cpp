// Takes an object of Blosc 1 apart into its encoded blocks, and puts it
// together again with some of them replaced.

#include "zarr/blosc_object.h"

#include "zarr/little_endian.h"

#include <algorithm>
#include <numeric>

namespace mdimappend
{

namespace
{

constexpr std::size_t headerSize = 16;
constexpr std::size_t flagsAt = 2;
constexpr std::size_t typeSizeAt = 3;
constexpr std::size_t blockSizeAt = 8;
constexpr unsigned shuffled = 0x1;
constexpr unsigned isCopied = 0x2;
constexpr unsigned bitShuffled = 0x4;
constexpr unsigned notSplit = 0x10;

unsigned char byteAt(std::string_view header, std::size_t at)
{
    return static_cast<unsigned char>(header[at]);
}

/// Whether a block is made of so many pieces, each with its size before it.
bool hasPieces(std::string_view block, unsigned pieces)
{
    for (; pieces > 0; --pieces)
    {
        if (block.size() < 4)
            return false;
        const auto size = littleEndian<std::uint32_t>(block);
        block.remove_prefix(4);
        if (size > block.size())
            return false;
        block.remove_prefix(size);
    }
    return block.empty();
}

void appendNumber(std::string &object, std::uint64_t number)
{
    for (int i = 0; i < 4; ++i)
        object += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace

bool isWholeBlosc(std::string_view object, std::uint64_t size)
{
    return object.size() >= headerSize &&
           littleEndian<std::uint32_t>(object.substr(4)) == size &&
           littleEndian<std::uint32_t>(object.substr(12)) == object.size();
}

std::optional<BloscObject> BloscObject::parse(std::string_view object,
                                              std::uint64_t size)
{
    if (!isWholeBlosc(object, size))
        return std::nullopt;
    BloscObject parsed;
    parsed.m_header = object.substr(0, headerSize);
    parsed.m_size = size;
    parsed.m_blockSize =
        littleEndian<std::uint32_t>(object.substr(blockSizeAt));
    const unsigned flags = byteAt(object, flagsAt);
    // Both kinds of shuffling mean Blosc 2, whose header is longer.
    const bool isBlosc2 = (flags & shuffled) && (flags & bitShuffled);
    if ((flags & isCopied) || isBlosc2 || parsed.m_blockSize == 0 ||
        parsed.m_blockSize > size)
        return std::nullopt;
    const auto count = (size - 1) / parsed.m_blockSize + 1;
    const auto dataAt = headerSize + 4 * count;
    if (dataAt > object.size())
        return std::nullopt;

    std::vector<std::uint64_t> starts;
    for (std::uint64_t i = 0; i < count; ++i)
    {
        starts.push_back(
            littleEndian<std::uint32_t>(object.substr(headerSize + 4 * i)));
        if (starts.back() < dataAt || starts.back() >= object.size())
            return std::nullopt;
    }
    std::vector<std::uint64_t> ends = starts;
    std::ranges::sort(ends);
    if (std::ranges::adjacent_find(ends) != ends.end())
        return std::nullopt;
    ends.push_back(object.size());
    for (const auto start : starts)
    {
        const auto end = *std::ranges::upper_bound(ends, start);
        const auto block = object.substr(start, end - start);
        // A wrong offset would cut another block.
        if (!hasPieces(block, 1) && !hasPieces(block, parsed.typeSize()))
            return std::nullopt;
        parsed.m_blocks.push_back(block);
    }
    return parsed;
}

unsigned BloscObject::typeSize() const
{
    return byteAt(m_header, typeSizeAt);
}

const char *BloscObject::shuffle() const
{
    const unsigned flags = byteAt(m_header, flagsAt);
    if (flags & shuffled)
        return "BYTE";
    return flags & bitShuffled ? "BIT" : "NONE";
}

bool BloscObject::isSplit() const
{
    return !(byteAt(m_header, flagsAt) & notSplit);
}

std::uint64_t BloscObject::sizeOf(std::uint64_t first, std::uint64_t end) const
{
    return std::min(end * m_blockSize, m_size) - first * m_blockSize;
}

std::string BloscObject::part(std::uint64_t first, std::uint64_t end) const
{
    const auto at = [&](std::uint64_t block)
    { return m_blocks.begin() + static_cast<std::ptrdiff_t>(block); };
    return joined(sizeOf(first, end), {at(first), at(end)});
}

std::optional<std::string> BloscObject::withPart(std::uint64_t first,
                                                 const BloscObject &part) const
{
    const auto alike = m_header.substr(0, typeSizeAt + 1);
    if (!part.m_header.starts_with(alike) || part.m_blockSize != m_blockSize ||
        part.m_size != sizeOf(first, first + part.blocks()))
        return std::nullopt;
    auto blocks = m_blocks;
    std::ranges::copy(part.m_blocks,
                      blocks.begin() + static_cast<std::ptrdiff_t>(first));
    return joined(m_size, blocks);
}

std::string
BloscObject::joined(std::uint64_t size,
                    const std::vector<std::string_view> &blocks) const
{
    std::uint64_t at = headerSize + 4 * blocks.size();
    const auto whole =
        std::accumulate(blocks.begin(), blocks.end(), at,
                        [](std::uint64_t sum, std::string_view block)
                        { return sum + block.size(); });
    std::string object;
    object.reserve(static_cast<std::size_t>(whole));
    object += m_header.substr(0, typeSizeAt + 1);
    appendNumber(object, size);
    appendNumber(object, m_blockSize);
    appendNumber(object, whole);
    for (const auto block : blocks)
    {
        appendNumber(object, at);
        at += block.size();
    }
    for (const auto block : blocks)
        object += block;
    return object;
}

}  // namespace mdimappend
