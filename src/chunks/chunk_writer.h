// From a slice to chunks, in one thread, by one of three roads: a chunk of the
// slice is copied as it is; or its values are read and converted, merged with
// what is committed of the chunk, and the whole is encoded; or only the rows
// that change are, where the chunk's codec allows that.
// Holds this thread's handles and buffers; internal to the pipeline.

#pragma once

#include "chunks/chunk_copier.h"
#include "chunks/chunk_encoder.h"
#include "chunks/region_reader.h"
#include "chunks/slab.h"
#include "slice/slice.h"
#include "transaction/view.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

class ChunkWriter
{
  public:
    /// `transaction`: its name, for the trace.
    ChunkWriter(View &view, const Slice *slice, std::string_view transaction)
        : m_view(view), m_slice(slice), m_transaction(transaction),
          m_regions(slice)
    {
    }

    /// Writes these chunks of a slab to array number `array` of the view. The
    /// slabs come one after the other.
    Status write(const Slab &slab, std::size_t array, const ChunkBox &chunks);

    /// Writes out what the driver holds; the next chunks may be of any slab.
    void closeArray();

  private:
    void openArray(const Slab &slab, std::size_t array);
    Status convert(const ChunkBox &chunks);
    Status openEncoder();
    bool holdsCommitted(const Extent &origin) const;
    Status writeChunk(const ChunkIndex &index);
    Status writeMerged(const ChunkIndex &index, const Extent &origin);
    Result<bool> replaceRows(const ChunkIndex &index, Extent origin);
    Status mergeCommitted(const ChunkIndex &index, const Extent &origin);

    View &m_view;
    const Slice *m_slice;
    std::string_view m_transaction;
    RegionReader m_regions;
    std::string m_encoded;  ///< the encoder's room
    // Of the array that is written:
    const Slab *m_slab = nullptr;
    std::size_t m_array = 0;
    const ArrayDocument *m_document = nullptr;
    std::optional<ChunkCopier> m_copier;      ///< if chunks may be copied
    std::unique_ptr<ChunkEncoder> m_encoder;  ///< once a chunk is not
    std::unique_ptr<std::vector<char>> m_chunk;
    std::unique_ptr<ElementBuffer> m_committed;
};

}  // namespace mdimappend
