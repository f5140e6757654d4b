// The bounded pipeline: read, convert, merge, encode and put, by a number of
// workers. Each worker takes a block of chunks at a time, so that a block of
// the source is decoded once; memory is bounded by workers times block size,
// whatever the slice's size.

#pragma once

#include "chunks/slab.h"
#include "slice/slice.h"
#include "status.h"
#include "transaction/view.h"

#include <functional>
#include <vector>

namespace mdimappend
{

struct PipelineOptions
{
    int threads = 1;
    /// Putting a chunk is mostly waiting for an answer: all threads are to have
    /// some to wait for.
    bool eachChunkWaits = false;
    /// Called with the fraction done; false stops.
    std::function<bool(double)> progress;
};

std::uint64_t countChunks(const std::vector<ChunkBox> &boxes);

/// The size of the planned chunks of an array. As a double: shapes may be
/// absurd.
double uncompressedBytes(const View::Array &array);

/// As many as the work is worth.
int worthwhileThreads(const std::vector<View::Array> &arrays,
                      const Storage &storage);

/// Writes all slabs through the view. `slice` may be null if all slabs come
/// from memory. Failure::Interrupted if progress said stop.
Status runPipeline(View &view, const Slice *slice,
                   const std::vector<Slab> &slabs,
                   const PipelineOptions &options);

}  // namespace mdimappend
