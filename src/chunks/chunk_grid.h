// Chunk arithmetic: which chunks an append touches, and in which blocks they
// are worked on.

#pragma once

#include "journal/records.h"
#include "slice/copy_box.h"
#include "status.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace mdimappend
{

inline std::uint64_t ceilDivide(std::uint64_t a, std::uint64_t b)
{
    return a / b + (a % b != 0);
}

/// `shape` rounded up to whole chunks.
Extent paddedShape(const Extent &shape, const Extent &chunk);

/// The elements i with low <= i < high, in every dimension.
struct ElementBox
{
    Extent low;
    Extent high;

    bool contains(const ElementBox &other) const;
};

/// One chunk as a box.
ChunkBox singleChunk(const ChunkIndex &index);

/// The chunks that hold elements of a box.
ChunkBox chunksOf(const ElementBox &box, const Extent &chunk);

/// Whether a part of a window begins and ends at chunks, or where the window
/// does: so no two parts have elements of the same chunk.
bool hasChunksOfItsOwn(const ElementBox &part, const ElementBox &window,
                       const Extent &chunk);

/// The chunks that an append writes.
struct TouchedBoxes
{
    std::vector<ChunkBox> added;     ///< wholly beyond the committed rows
    std::vector<ChunkBox> replaced;  ///< hold committed rows
};

/// Rows [first, last).
struct RowRange
{
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

/// The chunks touched when rows of an array of `shape` are written along
/// `axis`: ranges in ascending order, within or beyond the shape.
TouchedBoxes touchedBoxes(const Extent &shape, const Extent &chunk,
                          std::size_t axis,
                          const std::vector<RowRange> &ranges);

/// The same for a box of an array, of which `committed` was there before.
TouchedBoxes touchedBoxes(const ElementBox &box, const Extent &chunk,
                          const Extent &committed,
                          std::optional<std::size_t> axis);

/// All chunks of a new array.
TouchedBoxes allChunks(const Extent &shape, const Extent &chunk);

/// How many chunks to work on at a time, per dimension: enough to cover one
/// block of the source, so that it is decoded once, then more while the whole
/// stays within `budget` bytes. At least 1 each, at most `grid`. `block` may
/// have zeros (unknown).
Extent blockOfChunks(const Extent &grid, const Extent &chunk,
                     const Extent &block, std::size_t elementSize,
                     std::uint64_t budget);

/// The same in elements: blocks of whole chunks for a box of `extent`.
Extent blockOfElements(const Extent &extent, const Extent &chunk,
                       const Extent &block, std::size_t elementSize,
                       std::uint64_t budget);

/// Goes through a box of `extent` in blocks of `step`, the last ones cut to it,
/// while `visit` (start, size) says true.
Status forEachBlock(
    const Extent &extent, const Extent &step,
    const std::function<Result<bool>(const Extent &, const Extent &)> &visit);

/// Fills `count` elements with one.
void fillElements(void *target, std::uint64_t count, const void *element,
                  std::size_t elementSize);

/// Whether all `count` elements have the bytes of `element`.
bool allElementsEqual(const void *buffer, std::uint64_t count,
                      const void *element, std::size_t elementSize);

}  // namespace mdimappend
