// Chunk arithmetic against the obvious way to do the same, for random shapes.

#include "chunks/chunk_grid.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

namespace mdimappend
{
namespace
{

class ChunkGrid : public testing::Test
{
  protected:
    std::mt19937 random{20240229};

    std::uint64_t upTo(std::uint64_t limit)
    {
        return random() % (limit + 1);
    }

    Extent extent(std::size_t rank, std::uint64_t from, std::uint64_t to)
    {
        Extent sizes;
        for (std::size_t i = 0; i < rank; ++i)
            sizes.push_back(from + upTo(to - from));
        return sizes;
    }

    /// Calls for every index below `sizes`, in C order.
    static void each(const Extent &sizes,
                     const std::function<void(const Extent &)> &visit)
    {
        Extent index(sizes.size(), 0);
        if (elementCount(sizes) == 0)
            return;
        while (true)
        {
            visit(index);
            std::size_t axis = sizes.size();
            while (axis > 0 && ++index[axis - 1] == sizes[axis - 1])
                index[--axis] = 0;
            if (axis == 0)
                return;
        }
    }

    static std::string text(const Extent &sizes)
    {
        std::string all = "(";
        for (const auto size : sizes)
            all += std::to_string(size) + " ";
        return all + ")";
    }
};

TEST_F(ChunkGrid, touchedBoxesHoldEachTouchedChunkExactlyOnce)
{
    for (int round = 0; round < 4000; ++round)
    {
        const auto rank = 1 + upTo(3);
        const auto shape = extent(rank, 0, 7);
        const auto chunk = extent(rank, 1, 4);
        const auto axis = upTo(rank - 1);
        // Committed rows that are replaced, in runs, then new ones.
        std::vector<RowRange> ranges;
        std::uint64_t row = 0;
        while (row < shape[axis])
        {
            const auto first = row + upTo(3);
            const auto last = std::min(first + upTo(3), shape[axis]);
            if (first < last)
                ranges.push_back({first, last});
            row = std::max(first, last) + 1;
        }
        const auto rows = shape[axis] + upTo(9);
        ranges.push_back({shape[axis], rows});
        const auto boxes = touchedBoxes(shape, chunk, axis, ranges);
        const auto isTouched = [&](std::uint64_t at)
        {
            for (const auto &range : ranges)
            {
                if (at >= range.first && at < range.last)
                    return true;
            }
            return false;
        };

        std::map<ChunkIndex, int> added;
        std::map<ChunkIndex, int> replaced;
        const auto count = [](const std::vector<ChunkBox> &list, auto &found)
        {
            for (const auto &box : list)
            {
                for (std::uint64_t i = 0; i < box.count(); ++i)
                    ++found[box.at(i)];
            }
        };
        count(boxes.added, added);
        count(boxes.replaced, replaced);

        Extent grown = shape;
        grown[axis] = rows;
        std::map<ChunkIndex, int> expectedAdded;
        std::map<ChunkIndex, int> expectedReplaced;
        each(grown,
             [&](const Extent &element)
             {
                 if (!isTouched(element[axis]))
                     return;
                 ChunkIndex index;
                 for (std::size_t i = 0; i < rank; ++i)
                     index.push_back(element[i] / chunk[i]);
                 // Its first row along the axis tells whether it is new.
                 const bool hasOld = index[axis] * chunk[axis] < shape[axis];
                 (hasOld ? expectedReplaced : expectedAdded)[index] = 1;
             });
        ASSERT_EQ(added, expectedAdded)
            << text(shape) << text(chunk) << axis << " to " << rows;
        ASSERT_EQ(replaced, expectedReplaced)
            << text(shape) << text(chunk) << axis << " to " << rows;
    }
}

TEST_F(ChunkGrid, allChunksCoverEveryElementOnce)
{
    for (int round = 0; round < 500; ++round)
    {
        const auto rank = upTo(4);
        const auto shape = extent(rank, 1, 7);
        const auto chunk = extent(rank, 1, 4);
        std::uint64_t count = 0;
        for (const auto &box : allChunks(shape, chunk).added)
            count += box.count();
        std::uint64_t expected = 1;
        for (std::size_t i = 0; i < rank; ++i)
            expected *= (shape[i] + chunk[i] - 1) / chunk[i];
        EXPECT_EQ(count, expected) << text(shape) << text(chunk);
    }
}

TEST_F(ChunkGrid, thePaddedShapeIsTheSmallestOfWholeChunks)
{
    for (int round = 0; round < 500; ++round)
    {
        const auto shape = extent(3, 0, 20);
        const auto chunk = extent(3, 1, 6);
        const auto padded = paddedShape(shape, chunk);
        for (std::size_t i = 0; i < 3; ++i)
        {
            EXPECT_EQ(padded[i] % chunk[i], 0u);
            EXPECT_GE(padded[i], shape[i]);
            EXPECT_LT(padded[i], shape[i] + chunk[i]);
        }
    }
}

TEST_F(ChunkGrid, aBlockOfChunksStaysWithinTheGridAndTheBudget)
{
    for (int round = 0; round < 2000; ++round)
    {
        const auto rank = 1 + upTo(3);
        const auto grid = extent(rank, 1, 9);
        const auto chunk = extent(rank, 1, 64);
        const auto block = extent(upTo(rank), 0, 200);
        const std::size_t elementSize = 1 + upTo(15);
        const auto budget = upTo(1 << 16);
        const auto chunks =
            blockOfChunks(grid, chunk, block, elementSize, budget);
        ASSERT_EQ(chunks.size(), rank);
        std::uint64_t bytes = elementSize;
        std::uint64_t oneChunk = elementSize;
        std::uint64_t oneBlock = elementSize;
        for (std::size_t i = 0; i < rank; ++i)
        {
            ASSERT_GE(chunks[i], 1u);
            ASSERT_LE(chunks[i], grid[i]);
            bytes *= chunks[i] * chunk[i];
            oneChunk *= chunk[i];
            const auto covering =
                i < block.size() && block[i] > chunk[i]
                    ? std::min(grid[i], ceilDivide(block[i], chunk[i]))
                    : 1;
            oneBlock *= covering * chunk[i];
        }
        EXPECT_LE(bytes, std::max({budget, oneChunk, oneBlock}))
            << text(grid) << text(chunk) << text(block) << budget;
    }
}

TEST_F(ChunkGrid, copyBoxCopiesWhatANaiveLoopCopies)
{
    for (int round = 0; round < 3000; ++round)
    {
        const auto rank = upTo(4);
        const std::size_t elementSize = std::size_t{1} << upTo(4);
        const auto box = extent(rank, upTo(9) == 0 ? 0 : 1, 4);
        Extent sourceShape;
        Extent sourceOrigin;
        Extent targetShape;
        Extent targetOrigin;
        for (const auto size : box)
        {
            sourceOrigin.push_back(upTo(2));
            targetOrigin.push_back(upTo(2));
            sourceShape.push_back(sourceOrigin.back() + size + upTo(2));
            targetShape.push_back(targetOrigin.back() + size + upTo(2));
        }
        std::vector<unsigned char> source(elementCount(sourceShape) *
                                          elementSize);
        for (auto &byte : source)
            byte = static_cast<unsigned char>(random());
        std::vector<unsigned char> target(
            elementCount(targetShape) * elementSize, 0xAA);
        auto expected = target;
        const auto offset =
            [&](const Extent &shape, const Extent &origin, const Extent &index)
        {
            std::uint64_t position = 0;
            for (std::size_t i = 0; i < rank; ++i)
                position = position * shape[i] + origin[i] + index[i];
            return position * elementSize;
        };
        each(
            box,
            [&](const Extent &index)
            {
                for (std::size_t byte = 0; byte < elementSize; ++byte)
                    expected[offset(targetShape, targetOrigin, index) + byte] =
                        source[offset(sourceShape, sourceOrigin, index) + byte];
            });
        copyBox(source.data(), sourceShape, sourceOrigin, target.data(),
                targetShape, targetOrigin, box, elementSize);
        ASSERT_EQ(target, expected)
            << "box " << text(box) << " from " << text(sourceShape)
            << text(sourceOrigin) << " to " << text(targetShape)
            << text(targetOrigin);
    }
}

TEST_F(ChunkGrid, fillingAndComparingElementsAgree)
{
    for (int round = 0; round < 500; ++round)
    {
        const std::size_t size = 1 + upTo(16);
        const auto count = upTo(50);
        std::vector<unsigned char> element(size);
        for (auto &byte : element)
            byte = static_cast<unsigned char>(random());
        std::vector<unsigned char> buffer(count * size + 1, 0x55);
        fillElements(buffer.data(), count, element.data(), size);
        EXPECT_EQ(buffer.back(), 0x55) << "written beyond the end";
        for (std::size_t i = 0; i < count * size; ++i)
            ASSERT_EQ(buffer[i], element[i % size]);
        EXPECT_TRUE(
            allElementsEqual(buffer.data(), count, element.data(), size));
        if (count == 0)
            continue;
        buffer[upTo(count * size - 1)] ^= 1;
        EXPECT_FALSE(
            allElementsEqual(buffer.data(), count, element.data(), size));
    }
}

}  // namespace
}  // namespace mdimappend
