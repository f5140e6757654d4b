// What becomes of a whole chunk: absent, an empty shard, encoded by Blosc, or
// given to GDAL's Zarr driver.

#include "chunks/chunk_encoder.h"

#include "zarr/shard.h"

#include <string_view>
#include <utility>

namespace mdimappend
{

Result<std::unique_ptr<ChunkEncoder>>
ChunkEncoder::open(View &view, std::size_t array, std::string &room)
{
    std::unique_ptr<ChunkEncoder> encoder(new ChunkEncoder(view, array, room));
    MDIMAPPEND_RETURN_IF_ERROR(encoder->prepare());
    return encoder;
}

Status ChunkEncoder::prepare()
{
    const auto &dataType = m_document.dataType;
    m_blosc = BloscSettings::of(m_document);
    const auto layout = ShardLayout::of(m_document);
    const bool isAsGdalHasIt =
        dataType.size ==
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(dataType.gdal));
    const bool canBeMade =
        !m_document.sharded || (layout && layout->isLittleEndian);
    if (m_blosc && isAsGdalHasIt && canBeMade)
    {
        MDIMAPPEND_ASSIGN(
            m_elements,
            ChunkElements::of(m_document,
                              GDALExtendedDataType::Create(dataType.gdal)));
        if (layout)
            m_shards.emplace(m_document, *layout, *m_blosc, *m_elements,
                             m_room);
        return Status::ok();
    }
    m_blosc.reset();
    MDIMAPPEND_ASSIGN(const auto *any, handle(OpenMode::WriteZero));
    MDIMAPPEND_ASSIGN(m_elements, ChunkElements::of(m_document, any->type()));
    return Status::ok();
}

Result<ArrayHandle *> ChunkEncoder::handle(OpenMode mode)
{
    auto &slot = m_handles[static_cast<std::size_t>(mode)];
    if (!slot)
    {
        MDIMAPPEND_ASSIGN(slot, ArrayHandle::open(m_view, m_array, mode));
    }
    return slot.get();
}

Status ChunkEncoder::put(const ChunkIndex &index, const Extent &origin,
                         const void *whole)
{
    const auto count = elementCount(m_document.chunk);
    if (m_elements->areAllFill(whole, count))
    {
        MDIMAPPEND_ASSIGN(const bool done, putFill(index));
        if (done)
            return Status::ok();
    }
    if (m_blosc)
    {
        if (const auto encoded = encode(whole))
            return m_view.put(m_array, index, *encoded);
    }
    if (m_elements->areTexts())
        MDIMAPPEND_RETURN_IF_ERROR(m_elements->checkTexts(whole, count));
    const OpenMode mode = m_elements->beginWithZero(whole)
                              ? OpenMode::WriteOne
                              : OpenMode::WriteZero;
    MDIMAPPEND_ASSIGN(auto *array, handle(mode));
    return array->write(origin, m_document.chunk, whole);
}

std::optional<std::string_view> ChunkEncoder::encode(const void *whole)
{
    if (m_shards)
        return m_shards->encode(whole);
    const auto size = static_cast<std::size_t>(elementCount(m_document.chunk)) *
                      m_elements->size();
    return bloscEncode(*m_blosc, {static_cast<const char *>(whole), size},
                       m_room);
}

Result<bool> ChunkEncoder::putFill(const ChunkIndex &index)
{
    MDIMAPPEND_ASSIGN(const bool must, m_view.mustBeWritten(m_array, index));
    if (!must)
    {
        MDIMAPPEND_RETURN_IF_ERROR(m_view.setAbsent(m_array, index));
        return true;
    }
    if (!m_document.sharded)
        return false;
    // The driver leaves out a shard of nothing but fill.
    const auto empty = emptyShard(m_document);
    if (!empty)
        return refused("array '" + m_document.path +
                       "': a shard becomes all fill, and a writer with a lease "
                       "cannot delete it. Without --lock lease it can.");
    MDIMAPPEND_RETURN_IF_ERROR(m_view.put(m_array, index, *empty));
    return true;
}

Status ChunkEncoder::readCommitted(const Extent &origin, const Extent &extent,
                                   void *values)
{
    MDIMAPPEND_ASSIGN(auto *committed, handle(OpenMode::Read));
    MDIMAPPEND_RETURN_IF_ERROR(committed->read(origin, extent, values));
    return m_view.failure();
}

}  // namespace mdimappend
