// Whole chunks of one array of the view, in one thread: encoded here, where
// Blosc alone makes them or the inner chunks of shards, else by GDAL's Zarr
// driver. One that is all fill is declared absent. Also reads committed rows,
// which the driver decodes.

#pragma once

#include "chunks/array_handle.h"
#include "chunks/chunk_elements.h"
#include "chunks/shard_encoder.h"
#include "transaction/view.h"
#include "zarr/blosc_codec.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

class ChunkEncoder
{
  public:
    /// `room`: for what is encoded; it outlives this, and serves one array
    /// after the other.
    static Result<std::unique_ptr<ChunkEncoder>>
    open(View &view, std::size_t array, std::string &room);

    const ChunkElements &elements() const
    {
        return *m_elements;
    }

    /// Whether chunks are made without the driver.
    bool isBlosc() const
    {
        return m_blosc.has_value();
    }

    /// Whether a chunk is what Blosc has made, and nothing else.
    bool isBloscAlone() const
    {
        return m_blosc && !m_shards;
    }

    /// Puts a chunk; `origin`: its first element. The driver may hold it back
    /// until this goes; what fails then is in the view.
    Status put(const ChunkIndex &index, const Extent &origin,
               const void *whole);

    /// Reads a box of the array as the base has it.
    Status readCommitted(const Extent &origin, const Extent &extent,
                         void *values);

  private:
    ChunkEncoder(View &view, std::size_t array, std::string &room)
        : m_view(view), m_array(array), m_document(view.array(array).document),
          m_room(room)
    {
    }

    Status prepare();
    Result<ArrayHandle *> handle(OpenMode mode);
    std::optional<std::string_view> encode(const void *whole);
    /// Whether it is done with: as one that is not there, or is an empty shard.
    Result<bool> putFill(const ChunkIndex &index);

    View &m_view;
    std::size_t m_array;
    const ArrayDocument &m_document;
    std::string &m_room;
    std::array<std::unique_ptr<ArrayHandle>, 3> m_handles;
    std::optional<BloscSettings> m_blosc;
    std::optional<ChunkElements> m_elements;
    std::optional<ShardEncoder> m_shards;
};

}  // namespace mdimappend
