// The chunks and shards of a new target's arrays.

#pragma once

#include "settings/options.h"
#include "status.h"
#include "zarr/documents.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mdimappend
{

/// Chunks for an array of `shape`: along `axis` its whole size, along the
/// others the source's blocks if the chunk then has 1 to 64 MiB, else an even
/// split of at most 16 MiB. Arrays along the append dimension alone get 1024.
std::vector<std::uint64_t> defaultChunk(const std::vector<std::uint64_t> &shape,
                                        const std::vector<std::uint64_t> &block,
                                        std::optional<std::size_t> axis,
                                        std::size_t elementSize);

/// Gives an array that has its shape and default chunk those that the settings
/// ask for: 0 is a whole dimension, shards are rounded up to whole chunks.
Status setAskedChunks(NewArray &array, const ArrayEncoding &asked);

}  // namespace mdimappend
