// An array that is made of several of the source: each piece is a field of two
// dimensions, and there is one for each index of the dimensions before them.

#pragma once

#include "slice/slice_source.h"

#include <gdal_multidim.h>

namespace mdimappend
{

/// Reads a box, piece by piece. Messages are without the slice's name.
Status readJoined(const GDALGroup &root, const SourceArray &source,
                  std::span<const std::uint64_t> start,
                  std::span<const std::uint64_t> count, void *buffer);

}  // namespace mdimappend
