// Chooses the road for each chunk, and merges what a slice brings with the rows
// of the chunk that are committed.

#include "chunks/chunk_writer.h"

#include "trace.h"
#include "zarr/chunk_rows.h"

#include <algorithm>
#include <utility>

namespace mdimappend
{

Status ChunkWriter::write(const Slab &slab, std::size_t array,
                          const ChunkBox &chunks)
{
    if (&slab != m_slab)
        openArray(slab, array);
    if (!m_copier)
        return convert(chunks);
    MDIMAPPEND_ASSIGN(auto *reader, m_regions.reader());
    const auto count = chunks.count();
    for (std::uint64_t i = 0; i < count; ++i)
    {
        const auto index = chunks.at(i);
        MDIMAPPEND_ASSIGN(const bool copied, m_copier->copy(*reader, index));
        if (!copied)
            MDIMAPPEND_RETURN_IF_ERROR(convert(singleChunk(index)));
    }
    return m_view.failure();
}

void ChunkWriter::openArray(const Slab &slab, std::size_t array)
{
    closeArray();
    m_slab = &slab;
    m_array = array;
    m_document = &m_view.array(m_array).document;
    m_copier.emplace(m_view, array, slab);
    if (!m_copier->mayCopy(m_slice))
        m_copier.reset();
    else
        trace(m_transaction, "array '", m_document->path,
              "': chunks of the slice are copied where they can be");
}

void ChunkWriter::closeArray()
{
    m_encoder.reset();
    m_slab = nullptr;
    m_regions.clear();
    m_chunk.reset();
}

Status ChunkWriter::openEncoder()
{
    MDIMAPPEND_ASSIGN(m_encoder,
                      ChunkEncoder::open(m_view, m_array, m_encoded));
    trace(m_transaction, "array '", m_document->path, "': chunks are encoded ",
          m_encoder->isBlosc() ? "by Blosc, without the driver"
                               : "by GDAL's Zarr driver",
          m_slab->conversion.isNone() ? "" : ", values converted");
    return Status::ok();
}

Status ChunkWriter::convert(const ChunkBox &chunks)
{
    if (!m_encoder)
        MDIMAPPEND_RETURN_IF_ERROR(openEncoder());
    MDIMAPPEND_RETURN_IF_ERROR(
        m_regions.read(*m_slab, *m_document, m_encoder->elements(), chunks));
    const auto count = chunks.count();
    for (std::uint64_t i = 0; i < count; ++i)
        MDIMAPPEND_RETURN_IF_ERROR(writeChunk(chunks.at(i)));
    return m_view.failure();
}

bool ChunkWriter::holdsCommitted(const Extent &origin) const
{
    return m_slab->axis &&
           origin[*m_slab->axis] < m_slab->committed[*m_slab->axis];
}

Status ChunkWriter::writeChunk(const ChunkIndex &index)
{
    const auto &chunk = m_document->chunk;
    Extent origin;
    for (std::size_t i = 0; i < chunk.size(); ++i)
        origin.push_back(index[i] * chunk[i]);
    const auto &regions = m_regions.regions();
    const bool whole = regions.size() == 1 && regions[0].size == chunk &&
                       !holdsCommitted(origin);
    if (whole)
        return m_encoder->put(index, origin, regions[0].values->data());
    MDIMAPPEND_ASSIGN(const bool replaced, replaceRows(index, origin));
    return replaced ? Status::ok() : writeMerged(index, origin);
}

Status ChunkWriter::writeMerged(const ChunkIndex &index, const Extent &origin)
{
    const auto &chunk = m_document->chunk;
    const auto &elements = m_encoder->elements();
    const auto count = elementCount(chunk);
    if (!m_chunk)
        m_chunk = std::make_unique<std::vector<char>>(
            static_cast<std::size_t>(count) * elements.size());
    if (!m_regions.hasAllOf(origin, chunk))
        elements.pad(m_chunk->data(), count);
    MDIMAPPEND_RETURN_IF_ERROR(mergeCommitted(index, origin));
    for (const auto &region : m_regions.regions())
        region.copyTo(origin, chunk, m_chunk->data());
    auto written = m_encoder->put(index, origin, m_chunk->data());
    // Texts of it were in the chunk until now.
    m_committed.reset();
    return written;
}

/// Puts rows into a chunk that is there, without decoding all of it. False:
/// that cannot be done, or would not be faster.
Result<bool> ChunkWriter::replaceRows(const ChunkIndex &index, Extent origin)
{
    const auto &regions = m_regions.regions();
    if (m_slab->axis != std::size_t{0} || !holdsCommitted(origin) ||
        regions.size() != 1 || !m_encoder->isBloscAlone() || m_slab->part)
        return false;
    const Region &region = regions.front();
    Extent box = m_document->chunk;
    const auto chunkEnd = origin[0] + box[0];
    const auto first = std::max(origin[0], region.start[0]);
    const auto end = std::min(chunkEnd, region.start[0] + region.size[0]);
    if (first >= end)
        return false;
    MDIMAPPEND_ASSIGN(const bool exists, m_view.holdsData(m_array, index));
    if (!exists)
        return false;
    const auto &elements = m_encoder->elements();
    const auto firstRow = first - std::exchange(origin[0], first);
    box[0] = end - first;
    const auto count = elementCount(box);
    std::string rows(static_cast<std::size_t>(count) * elements.size(), '\0');
    if (!m_regions.hasAllOf(origin, box))
        elements.pad(rows.data(), count);
    region.copyTo(origin, box, rows.data());
    MDIMAPPEND_ASSIGN(const auto object, m_view.read(m_array, index));
    const auto changed =
        object ? mdimappend::replaceRows(*m_document, *object, firstRow, rows)
               : std::nullopt;
    if (!changed)
        return false;
    MDIMAPPEND_RETURN_IF_ERROR(m_view.put(m_array, index, *changed));
    return true;
}

/// Puts the committed rows of a chunk into m_chunk.
Status ChunkWriter::mergeCommitted(const ChunkIndex &index,
                                   const Extent &origin)
{
    if (!holdsCommitted(origin))
        return Status::ok();
    Extent extent(origin.size());
    for (std::size_t i = 0; i < extent.size(); ++i)
        extent[i] =
            std::min(m_document->chunk[i], m_slab->committed[i] - origin[i]);
    if (m_regions.hasAllOf(origin, extent))
        return Status::ok();
    MDIMAPPEND_ASSIGN(const bool exists, m_view.holdsData(m_array, index));
    if (!exists)
        return Status::ok();
    const auto &elements = m_encoder->elements();
    m_committed =
        std::make_unique<ElementBuffer>(elements.type(), elementCount(extent));
    MDIMAPPEND_RETURN_IF_ERROR(
        m_encoder->readCommitted(origin, extent, m_committed->data()));
    const Extent zero(extent.size(), 0);
    copyBox(m_committed->data(), extent, zero, m_chunk->data(),
            m_document->chunk, zero, extent, elements.size());
    return Status::ok();
}

}  // namespace mdimappend
