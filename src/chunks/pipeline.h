// The bounded pipeline: read, convert, merge, encode and put, by a number of
// workers. Each worker takes a block of chunks at a time, so that a block of
// the source is decoded once; memory is bounded by workers times block size,
// whatever the slice's size.

#pragma once

#include "chunks/slab.h"
#include "slice/slice.h"
#include "status.h"
#include "storage/storage.h"
#include "transaction/view.h"

#include <functional>
#include <string>
#include <vector>

namespace mdimappend
{

struct PipelineOptions
{
    int threads = 1;
    /// Reading or putting a chunk is mostly waiting for an answer: all threads
    /// are to have some to wait for.
    bool eachChunkWaits = false;
    /// Called with the fraction done; false stops.
    std::function<bool(double)> progress{};
    std::string transaction{};  ///< its name, for the trace

    /// For chunks of these arrays, from a slice (may be null). `threads`: 0 or
    /// less = as many as the work is worth.
    static PipelineOptions of(int threads,
                              const std::vector<View::Array> &arrays,
                              const Storage &storage, const Slice *slice);
};

/// Writes all slabs through the view. `slice` may be null if all slabs come
/// from memory. Failure::Interrupted if progress said stop.
Status runPipeline(View &view, const Slice *slice,
                   const std::vector<Slab> &slabs,
                   const PipelineOptions &options);

}  // namespace mdimappend
