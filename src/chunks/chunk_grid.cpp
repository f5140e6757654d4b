// The arithmetic of chunks, and elements in a row: no chunk is read or written.

#include "chunks/chunk_grid.h"

#include <algorithm>
#include <cstring>

namespace mdimappend
{

namespace
{

/// A source block larger than this is decoded more than once rather than kept
/// whole in each worker.
constexpr std::uint64_t largestBlock = 128ULL << 20;

ChunkBox wholeGrid(const Extent &shape, const Extent &chunk)
{
    ChunkBox box;
    for (std::size_t i = 0; i < shape.size(); ++i)
    {
        box.low.push_back(0);
        box.high.push_back(ceilDivide(shape[i], chunk[i]));
    }
    return box;
}

}  // namespace

Extent paddedShape(const Extent &shape, const Extent &chunk)
{
    Extent padded;
    for (std::size_t i = 0; i < shape.size(); ++i)
        padded.push_back(ceilDivide(shape[i], chunk[i]) * chunk[i]);
    return padded;
}

TouchedBoxes touchedBoxes(const Extent &shape, const Extent &chunk,
                          std::size_t axis, const std::vector<RowRange> &ranges)
{
    const auto committedChunks = ceilDivide(shape[axis], chunk[axis]);
    const ChunkBox whole = wholeGrid(shape, chunk);
    TouchedBoxes touched;
    std::uint64_t next = 0;  // chunks in front of it are in a box already
    const auto add =
        [&](std::vector<ChunkBox> &boxes, std::uint64_t low, std::uint64_t high)
    {
        if (low >= high)
            return;
        if (!boxes.empty() && boxes.back().high[axis] == low)
        {
            boxes.back().high[axis] = high;
            return;
        }
        ChunkBox box = whole;
        box.low[axis] = low;
        box.high[axis] = high;
        if (box.count() > 0)
            boxes.push_back(std::move(box));
    };
    for (const auto &range : ranges)
    {
        if (range.first >= range.last)
            continue;
        const auto low = std::max(next, range.first / chunk[axis]);
        const auto high = ceilDivide(range.last, chunk[axis]);
        add(touched.replaced, low, std::min(high, committedChunks));
        add(touched.added, std::max(low, committedChunks), high);
        next = std::max(next, high);
    }
    return touched;
}

bool ElementBox::contains(const ElementBox &other) const
{
    for (std::size_t i = 0; i < low.size(); ++i)
    {
        if (other.low[i] < low[i] || other.high[i] > high[i])
            return false;
    }
    return true;
}

ChunkBox singleChunk(const ChunkIndex &index)
{
    ChunkBox box{index, index};
    for (auto &high : box.high)
        ++high;
    return box;
}

ChunkBox chunksOf(const ElementBox &box, const Extent &chunk)
{
    ChunkBox chunks;
    for (std::size_t i = 0; i < chunk.size(); ++i)
    {
        chunks.low.push_back(box.low[i] / chunk[i]);
        chunks.high.push_back(ceilDivide(box.high[i], chunk[i]));
    }
    return chunks;
}

bool hasChunksOfItsOwn(const ElementBox &part, const ElementBox &window,
                       const Extent &chunk)
{
    for (std::size_t i = 0; i < chunk.size(); ++i)
    {
        const bool begins =
            part.low[i] % chunk[i] == 0 || part.low[i] == window.low[i];
        const bool ends =
            part.high[i] % chunk[i] == 0 || part.high[i] == window.high[i];
        if (!begins || !ends)
            return false;
    }
    return true;
}

TouchedBoxes touchedBoxes(const ElementBox &box, const Extent &chunk,
                          const Extent &committed,
                          std::optional<std::size_t> axis)
{
    TouchedBoxes touched;
    ChunkBox replaced = chunksOf(box, chunk);
    ChunkBox added = replaced;
    if (!axis)
        return {{added}, {}};
    const auto border = std::clamp(ceilDivide(committed[*axis], chunk[*axis]),
                                   replaced.low[*axis], replaced.high[*axis]);
    replaced.high[*axis] = border;
    added.low[*axis] = border;
    if (replaced.count() > 0)
        touched.replaced.push_back(std::move(replaced));
    if (added.count() > 0)
        touched.added.push_back(std::move(added));
    return touched;
}

TouchedBoxes allChunks(const Extent &shape, const Extent &chunk)
{
    return {{wholeGrid(shape, chunk)}, {}};
}

Extent blockOfChunks(const Extent &grid, const Extent &chunk,
                     const Extent &block, std::size_t elementSize,
                     std::uint64_t budget)
{
    Extent chunks(grid.size(), 1);
    const auto bytes = [&]
    {
        std::uint64_t product = elementSize;
        for (std::size_t i = 0; i < chunks.size(); ++i)
            product *= chunks[i] * chunk[i];
        return product;
    };
    const auto grow =
        [&](std::size_t axis, std::uint64_t wanted, std::uint64_t limit)
    {
        wanted = std::min(wanted, grid[axis]);
        if (wanted <= chunks[axis])
            return;
        const auto perChunk = bytes() / chunks[axis];
        const auto fitting = perChunk > 0 ? limit / perChunk : wanted;
        chunks[axis] = std::max(chunks[axis], std::min(wanted, fitting));
    };
    for (std::size_t axis = grid.size(); axis-- > 0;)
    {
        if (axis < block.size() && block[axis] > chunk[axis])
            grow(axis, ceilDivide(block[axis], chunk[axis]),
                 std::max(budget, largestBlock));
    }
    for (std::size_t axis = grid.size(); axis-- > 0;)
        grow(axis, grid[axis], budget);
    return chunks;
}

Extent blockOfElements(const Extent &extent, const Extent &chunk,
                       const Extent &block, std::size_t elementSize,
                       std::uint64_t budget)
{
    Extent elements = blockOfChunks(wholeGrid(extent, chunk).high, chunk, block,
                                    elementSize, budget);
    for (std::size_t i = 0; i < elements.size(); ++i)
        elements[i] *= chunk[i];
    return elements;
}

Status forEachBlock(
    const Extent &extent, const Extent &step,
    const std::function<Result<bool>(const Extent &, const Extent &)> &visit)
{
    const ChunkBox blocks = wholeGrid(extent, step);
    const auto count = blocks.count();
    for (std::uint64_t number = 0; number < count; ++number)
    {
        Extent start = blocks.at(number);
        Extent size;
        for (std::size_t i = 0; i < extent.size(); ++i)
        {
            start[i] *= step[i];
            size.push_back(std::min(step[i], extent[i] - start[i]));
        }
        MDIMAPPEND_ASSIGN(const bool goesOn, visit(start, size));
        if (!goesOn)
            break;
    }
    return Status::ok();
}

void fillElements(void *target, std::uint64_t count, const void *element,
                  std::size_t elementSize)
{
    if (count == 0)
        return;
    auto bytes = static_cast<char *>(target);
    const std::size_t total = static_cast<std::size_t>(count) * elementSize;
    std::memcpy(bytes, element, elementSize);
    // Doubling copies: as fast as memcpy for any element.
    for (std::size_t done = elementSize; done < total;)
    {
        const std::size_t step = std::min(done, total - done);
        std::memcpy(bytes + done, bytes, step);
        done += step;
    }
}

bool allElementsEqual(const void *buffer, std::uint64_t count,
                      const void *element, std::size_t elementSize)
{
    if (count == 0)
        return true;
    const auto bytes = static_cast<const char *>(buffer);
    return std::memcmp(bytes, element, elementSize) == 0 &&
           std::memcmp(bytes, bytes + elementSize,
                       (static_cast<std::size_t>(count) - 1) * elementSize) ==
               0;
}

}  // namespace mdimappend
