// How large a block of chunks is, and where each one is in the slab.

#include "chunks/chunk_blocks.h"

#include "chunks/planned_arrays.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// What a worker reads at a time, if the chunks are smaller than that: little,
/// so that all workers have something of a small slice.
constexpr std::uint64_t blockBudget = 4ULL << 20;

/// A block for each thread, at least: of less than the budget then.
std::uint64_t budgetFor(const Slab &slab, std::uint64_t chunkSize,
                        int waitingThreads)
{
    if (waitingThreads <= 0)
        return blockBudget;
    const auto chunks = countChunks(slab.boxes);
    const auto each = static_cast<std::uint64_t>(waitingThreads);
    return std::min(blockBudget, chunkSize * std::max<std::uint64_t>(
                                                 chunks / (2 * each), 1));
}

}  // namespace

ChunkBlocks::ChunkBlocks(const View &view, const Slab &slab, int waitingThreads)
    : m_slab(&slab), m_array(view.find(slab.path).value())
{
    const auto &document = view.array(m_array).document;
    const auto &chunk = document.chunk;
    Extent grid;
    for (std::size_t i = 0; i < chunk.size(); ++i)
        grid.push_back(ceilDivide(slab.shape[i], chunk[i]));
    const std::size_t elementSize =
        std::max<std::size_t>(document.dataType.size, 1);
    std::uint64_t chunkSize = elementSize;
    for (const auto length : chunk)
        chunkSize *= length;
    m_blockChunks = blockOfChunks(grid, chunk, slab.sliceBlock, elementSize,
                                  budgetFor(slab, chunkSize, waitingThreads));
    for (const auto &box : slab.boxes)
        m_count += gridOf(box).count();
}

ChunkBox ChunkBlocks::gridOf(const ChunkBox &box) const
{
    ChunkBox grid;
    for (std::size_t i = 0; i < box.low.size(); ++i)
    {
        grid.low.push_back(0);
        grid.high.push_back(
            ceilDivide(box.high[i] - box.low[i], m_blockChunks[i]));
    }
    return grid;
}

ChunkBox ChunkBlocks::block(std::uint64_t number) const
{
    for (const auto &box : m_slab->boxes)
    {
        const ChunkBox grid = gridOf(box);
        const auto count = grid.count();
        if (number >= count)
        {
            number -= count;
            continue;
        }
        ChunkBox chunks;
        const auto at = grid.at(number);
        for (std::size_t i = 0; i < at.size(); ++i)
        {
            chunks.low.push_back(box.low[i] + at[i] * m_blockChunks[i]);
            chunks.high.push_back(
                std::min(chunks.low.back() + m_blockChunks[i], box.high[i]));
        }
        return chunks;
    }
    return {};
}

}  // namespace mdimappend
