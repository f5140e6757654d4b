// A slab: the part of one array that one slice brings.

#pragma once

#include "chunks/chunk_grid.h"
#include "convert/conversion.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// Rows of a slice and where they go.
struct RowRun
{
    std::uint64_t sliceRow = 0;
    std::uint64_t targetRow = 0;
    std::uint64_t rows = 0;
};

/// What one array gets: runs of rows along `axis`, or all of it if it has no
/// append dimension.
struct Slab
{
    std::string path;             ///< of the array
    std::vector<ChunkBox> boxes;  ///< the chunks to write
    std::optional<std::size_t> axis;
    Extent committed;  ///< the shape before; rows beyond it are padding
    Extent shape;      ///< the shape after
    /// If the slice has a part of the array only: along the other dimensions it
    /// begins and ends there.
    std::optional<ElementBox> part{};
    /// In the order of targetRow, without overlaps. Rows below the committed
    /// ones replace what is there.
    std::vector<RowRun> runs;

    /// Where the values come from: an array of the slice, memory (all runs'
    /// rows, in the target's type), or one element for all.
    std::optional<std::size_t> sliceArray;
    Extent sliceBlock;
    Conversion conversion;
    std::string memory;
    std::vector<std::string> memoryStrings;
    std::optional<std::string> constant;  ///< "" for texts: the empty text
};

/// The largest rounding of each array that had any.
inline std::map<std::string, double> roundingsOf(const std::vector<Slab> &slabs)
{
    std::map<std::string, double> roundings;
    for (const auto &slab : slabs)
    {
        if (const double largest = slab.conversion.rounding(); largest > 0)
            roundings[slab.path] = largest;
    }
    return roundings;
}

}  // namespace mdimappend
