// A slab: the part of one array that one slice brings.

#pragma once

#include "append/chunk_grid.h"
#include "append/conversion.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// What one array gets: rows [firstRow, firstRow + rows) along `axis`, or all
/// of it if it has no append dimension.
struct Slab
{
    std::string path;             ///< of the array
    std::vector<ChunkBox> boxes;  ///< the chunks to write
    std::optional<std::size_t> axis;
    Extent committed;  ///< the shape before; rows beyond it are padding
    Extent shape;      ///< the shape after
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;

    /// Where the values come from: an array of the slice, from its row
    /// `sliceRow` on, or memory (the whole slab, in the target's type).
    std::optional<std::size_t> sliceArray;
    std::uint64_t sliceRow = 0;
    Extent sliceBlock;
    Conversion conversion;
    std::string memory;
    std::vector<std::string> memoryStrings;
};

}  // namespace mdimappend
