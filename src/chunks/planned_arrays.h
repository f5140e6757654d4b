// Arrays of the private view with the chunks that are planned for them, and how
// much work these are.

#pragma once

#include "chunks/chunk_grid.h"
#include "storage/storage.h"
#include "transaction/view.h"

#include <cstdint>
#include <vector>

namespace mdimappend
{

/// `shape`: as it will be; the driver sees it rounded up to whole chunks.
View::Array plannedArray(const ArrayDocument &document, TouchedBoxes boxes,
                         const Extent &shape);

/// All chunks that are planned for an array: a slab's boxes. Those that are
/// replaced come first.
std::vector<ChunkBox> plannedBoxes(const View::Array &array);

std::uint64_t countChunks(const std::vector<ChunkBox> &boxes);

/// The size of the planned chunks of an array. As a double: shapes may be
/// absurd.
double uncompressedBytes(const View::Array &array);

/// As many threads as the work is worth. `waits`: it is mostly waiting for
/// answers.
int worthwhileThreads(const std::vector<View::Array> &arrays, bool waits);

}  // namespace mdimappend
