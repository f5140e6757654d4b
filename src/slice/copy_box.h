// Boxes of C-ordered buffers.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mdimappend
{

using Extent = std::vector<std::uint64_t>;

/// The product of all extents.
std::uint64_t elementCount(const Extent &extent);

/// Copies a box of `extent` elements of `elementSize` bytes from `source` (a
/// buffer of sourceShape, at sourceOrigin) to `target`.
void copyBox(const void *source, const Extent &sourceShape,
             const Extent &sourceOrigin, void *target,
             const Extent &targetShape, const Extent &targetOrigin,
             const Extent &extent, std::size_t elementSize);

}  // namespace mdimappend
