// Chunks of Zarr slices that are stored as the array stores them: copied,
// neither decoded nor encoded. Holds nothing; internal to the pipeline.

#pragma once

#include "chunks/slab.h"
#include "slice/slice.h"
#include "transaction/view.h"
#include "zarr/encoded_chunk.h"

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
    bool mayCopy(const Slice *slice) const
    {
        // A part's chunks have other indices than the array's.
        if (!m_slab.sliceArray || !m_slab.conversion.isNone() || m_slab.part)
            return false;
        const auto &source = slice->arrays()[*m_slab.sliceArray].document;
        return source && haveSameEncoding(*source, m_document);
    }

    /// Copies a chunk, if the slice has it as it is to be. False: it is to be
    /// read and written as others are, which also says what is wrong with it.
    Result<bool> copy(SliceReader &reader, const ChunkIndex &index) const
    {
        const auto source = sameChunkOfSlice(index);
        if (!source)
            return false;
        MDIMAPPEND_ASSIGN(const auto object,
                          reader.readEncoded(*m_slab.sliceArray, *source));
        if (!object || !isWholeChunk(m_document, *object))
            return false;
        MDIMAPPEND_RETURN_IF_ERROR(m_view.put(m_array, index, *object));
        return true;
    }

  private:
    /// The chunk of the slice that has all of the rows of a chunk of the array,
    /// and no others.
    std::optional<ChunkIndex> sameChunkOfSlice(ChunkIndex index) const
    {
        if (!m_slab.axis)
            return index;
        const auto axis = *m_slab.axis;
        const auto rows = m_document.chunk[axis];
        const auto first = index[axis] * rows;
        for (const auto &run : m_slab.runs)
        {
            if (first < run.targetRow ||
                first + rows > run.targetRow + run.rows)
                continue;
            const auto row = first - run.targetRow + run.sliceRow;
            index[axis] = row / rows;
            return row % rows == 0 ? std::optional(index) : std::nullopt;
        }
        return std::nullopt;
    }

    View &m_view;
    std::size_t m_array;
    const Slab &m_slab;
    const ArrayDocument &m_document;
};

}  // namespace mdimappend
