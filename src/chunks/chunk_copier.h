// Chunks of Zarr slices that are stored as the array stores them: copied,
// neither decoded nor encoded. Holds nothing; internal to the pipeline.

#pragma once

#include "chunks/slab.h"
#include "slice/slice.h"
#include "transaction/view.h"

#include <optional>

namespace mdimappend
{

class ChunkCopier
{
  public:
    /// For a slab of array number `array` of the view.
    ChunkCopier(View &view, std::size_t array, const Slab &slab)
        : m_view(view), m_array(array), m_slab(slab),
          m_document(view.array(array).document)
    {
    }

    /// Whether chunks of the slice may be as this array stores them.
    bool mayCopy(const Slice *slice) const;

    /// Copies a chunk, if the slice has it as it is to be. False: it is to be
    /// read and written as others are, which also says what is wrong with it.
    Result<bool> copy(SliceReader &reader, const ChunkIndex &index) const;

  private:
    std::optional<ChunkIndex> sameChunkOfSlice(ChunkIndex index) const;

    View &m_view;
    std::size_t m_array;
    const Slab &m_slab;
    const ArrayDocument &m_document;
};

}  // namespace mdimappend
