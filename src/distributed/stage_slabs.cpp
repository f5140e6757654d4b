// Fills a view of the stage, and keeps what became of each chunk.

#include "distributed/stage_slabs.h"

namespace mdimappend
{

Result<WrittenPart> stageSlabs(const PartOfTransaction &where,
                               std::vector<View::Array> arrays,
                               const Slice *slice,
                               const std::vector<Slab> &slabs, int threads,
                               const std::function<bool(double)> &progress)
{
    auto &storage = where.storage;
    auto options = PipelineOptions::of(threads, arrays, storage, slice);
    options.progress = progress;
    options.transaction = where.transaction;
    WrittenPart written;
    written.part = where.part;
    for (const auto &array : arrays)
        written.arrays.push_back({array.planned.path, {}, {}});
    View view(where.site, storage, where.transaction, std::move(arrays), false,
              where.part);
    MDIMAPPEND_RETURN_IF_ERROR(runPipeline(view, slice, slabs, options));
    MDIMAPPEND_RETURN_IF_ERROR(view.allSettled());
    view.forEach(
        [&](const View::Settled &chunk)
        {
            WrittenChunk one{chunk.index, chunk.record, chunk.stagedVersion};
            if (chunk.record.state == ChunkState::Put)
                one.record.staged = chunk.staged;
            written.arrays[chunk.array].chunks.push_back(std::move(one));
        });
    for (const auto &slab : slabs)
        written.alteredValues += slab.conversion.altered();
    written.roundings = roundingsOf(slabs);
    if (where.syncs)
        MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    return written;
}

}  // namespace mdimappend
