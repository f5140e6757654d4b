// Shards whose inner chunks Blosc alone makes, in one thread.

#pragma once

#include "chunks/chunk_elements.h"
#include "chunks/chunk_grid.h"
#include "zarr/array_document.h"
#include "zarr/blosc_codec.h"
#include "zarr/shard.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

class ShardEncoder
{
  public:
    /// All but `layout` must outlive this.
    ShardEncoder(const ArrayDocument &document, const ShardLayout &layout,
                 const BloscSettings &settings, const ChunkElements &elements,
                 std::string &room);

    /// The object of a shard with these elements, until the next one is
    /// encoded. Inner chunks that are all fill are left out. Nothing if the
    /// codec fails.
    std::optional<std::string_view> encode(const void *whole);

  private:
    const ArrayDocument &m_document;
    const BloscSettings &m_settings;
    const ChunkElements &m_elements;
    std::string &m_room;
    ChunkBox m_grid;  ///< of the inner chunks
    ShardObject m_object;
    std::vector<char> m_inner;  ///< elements of one inner chunk
};

}  // namespace mdimappend
