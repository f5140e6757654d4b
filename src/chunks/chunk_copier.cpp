// Which chunk of a slice is one of the target, byte for byte.

#include "chunks/chunk_copier.h"

#include "zarr/encoded_chunk.h"

namespace mdimappend
{

bool ChunkCopier::mayCopy(const Slice *slice) const
{
    // A part's chunks have other indices than the array's.
    if (!m_slab.sliceArray || !m_slab.conversion.isNone() || m_slab.part)
        return false;
    const auto &source = slice->arrays()[*m_slab.sliceArray].document;
    return source && haveSameEncoding(*source, m_document);
}

Result<bool> ChunkCopier::copy(SliceReader &reader,
                               const ChunkIndex &index) const
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

/// The chunk of the slice that has all of the rows of a chunk of the array, and
/// no others.
std::optional<ChunkIndex> ChunkCopier::sameChunkOfSlice(ChunkIndex index) const
{
    if (!m_slab.axis)
        return index;
    const auto axis = *m_slab.axis;
    const auto rows = m_document.chunk[axis];
    const auto first = index[axis] * rows;
    for (const auto &run : m_slab.runs)
    {
        if (first < run.targetRow || first + rows > run.targetRow + run.rows)
            continue;
        const auto row = first - run.targetRow + run.sliceRow;
        index[axis] = row / rows;
        return row % rows == 0 ? std::optional(index) : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace mdimappend
