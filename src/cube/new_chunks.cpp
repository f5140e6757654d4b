// Chooses the chunks of new arrays by size, and fits those that the settings
// ask for to an array's shape.

#include "cube/new_chunks.h"

#include "chunks/chunk_grid.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

constexpr std::uint64_t mebibyte = 1ULL << 20;
constexpr std::uint64_t labelsPerChunk = 1024;

std::uint64_t bytesOf(const std::vector<std::uint64_t> &chunk,
                      std::size_t elementSize)
{
    std::uint64_t bytes = std::max<std::size_t>(elementSize, 1);
    for (const auto size : chunk)
        bytes *= std::max<std::uint64_t>(size, 1);
    return bytes;
}

/// Splits the longest of the chosen axes again and again until it fits.
void splitEvenly(std::vector<std::uint64_t> &chunk,
                 const std::vector<std::uint64_t> &shape,
                 std::optional<std::size_t> axis, std::size_t elementSize)
{
    std::vector<std::uint64_t> parts(chunk.size(), 1);
    while (bytesOf(chunk, elementSize) > 16 * mebibyte)
    {
        std::size_t longest = chunk.size();
        for (std::size_t i = 0; i < chunk.size(); ++i)
        {
            if (axis != i && chunk[i] > 1 &&
                (longest == chunk.size() || chunk[i] > chunk[longest]))
                longest = i;
        }
        if (longest == chunk.size())
        {
            // All others are 1: the append axis itself is too long.
            if (!axis || chunk[*axis] <= 1)
                return;
            longest = *axis;
        }
        ++parts[longest];
        chunk[longest] = ceilDivide(shape[longest], parts[longest]);
    }
}

/// `sizes` as they are for this array.
Result<Extent> fit(const NewArray &array, const char *what, Extent sizes)
{
    if (sizes.empty())
        sizes.assign(array.shape.size(), 0);
    if (sizes.size() != array.shape.size())
        return refused("array '" + array.path + "' has " +
                       std::to_string(array.shape.size()) +
                       " dimensions, its " + what + " in the settings has " +
                       std::to_string(sizes.size()) + " sizes.");
    for (std::size_t i = 0; i < sizes.size(); ++i)
    {
        if (sizes[i] == 0)
            sizes[i] = std::max<std::uint64_t>(array.shape[i], 1);
    }
    return sizes;
}

}  // namespace

std::vector<std::uint64_t> defaultChunk(const std::vector<std::uint64_t> &shape,
                                        const std::vector<std::uint64_t> &block,
                                        std::optional<std::size_t> axis,
                                        std::size_t elementSize)
{
    if (axis && shape.size() == 1)
        return {labelsPerChunk};
    std::vector<std::uint64_t> chunk = shape;
    bool known = block.size() == shape.size();
    for (std::size_t i = 0; known && i < shape.size(); ++i)
    {
        if (axis == i)
            continue;
        known = block[i] > 0;
        chunk[i] = std::min(block[i], shape[i]);
    }
    const auto bytes = bytesOf(chunk, elementSize);
    if (known && bytes >= mebibyte && bytes <= 64 * mebibyte)
        return chunk;
    chunk = shape;
    splitEvenly(chunk, shape, axis, elementSize);
    for (auto &size : chunk)
        size = std::max<std::uint64_t>(size, 1);
    return chunk;
}

Status setAskedChunks(NewArray &array, const ArrayEncoding &asked)
{
    if (asked.chunk)
    {
        MDIMAPPEND_ASSIGN(array.chunk, fit(array, "chunk", *asked.chunk));
    }
    if (!asked.shard)
        return Status::ok();
    MDIMAPPEND_ASSIGN(auto shard, fit(array, "shard", *asked.shard));
    array.innerChunk = array.chunk;
    for (std::size_t i = 0; i < shard.size(); ++i)
        shard[i] = ceilDivide(shard[i], array.chunk[i]) * array.chunk[i];
    array.chunk = std::move(shard);
    return Status::ok();
}

}  // namespace mdimappend
