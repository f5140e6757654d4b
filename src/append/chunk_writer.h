// From a slice to chunks, in one thread: reads the part of a block, converts,
// pads, merges with committed rows, and has the driver encode whole chunks.
// Holds this thread's handles and buffers; internal to the pipeline.

#pragma once

#include "append/array_handle.h"
#include "append/slab.h"
#include "slice/slice.h"
#include "transaction/view.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

class ChunkWriter
{
  public:
    ChunkWriter(View &view, const Slice *slice) : m_view(view), m_slice(slice)
    {
    }

    /// Writes these chunks of a slab to array number `array` of the view.
    Status write(const Slab &slab, std::size_t array, const ChunkBox &chunks)
    {
        if (&slab != m_slab)
        {
            closeArray();
            m_slab = &slab;
            m_array = array;
            m_document = &m_view.array(m_array).document;
            MDIMAPPEND_RETURN_IF_ERROR(prepareFill());
        }
        MDIMAPPEND_RETURN_IF_ERROR(readRegion(chunks));
        const auto count = chunks.count();
        for (std::uint64_t i = 0; i < count; ++i)
            MDIMAPPEND_RETURN_IF_ERROR(writeChunk(chunks.at(i)));
        return m_view.failure();
    }

    /// Writes out what the driver holds.
    void closeArray()
    {
        m_handles = {};
        m_slab = nullptr;
        m_region.reset();
        m_chunk.reset();
    }

  private:
    Result<ArrayHandle *> handle(Face face)
    {
        auto &slot = m_handles[static_cast<std::size_t>(face)];
        if (!slot)
        {
            MDIMAPPEND_ASSIGN(slot, ArrayHandle::open(m_view, m_array, face));
        }
        return slot.get();
    }

    Status prepareFill()
    {
        MDIMAPPEND_ASSIGN(const auto *any, handle(Face::WriteZero));
        m_type = std::make_unique<GDALExtendedDataType>(any->type());
        m_strings = m_type->GetClass() == GEDTC_STRING;
        m_elementSize = m_type->GetSize();
        m_fill.reset();
        if (!m_strings)
        {
            MDIMAPPEND_ASSIGN(m_fill, fillBytes(*m_document));
            if (m_fill && m_fill->size() != m_elementSize)
                return error("array '" + m_document->path +
                             "': GDAL's Zarr driver and the document disagree "
                             "about its type");
        }
        m_padding = m_fill ? *m_fill : std::string(m_elementSize, '\0');
        return Status::ok();
    }

    /// Reads the slab's part of these chunks, converted, into m_region.
    Status readRegion(const ChunkBox &chunks)
    {
        const auto rank = m_document->rank();
        m_regionStart.assign(rank, 0);
        m_regionSize.assign(rank, 0);
        for (std::size_t i = 0; i < rank; ++i)
        {
            auto low = chunks.low[i] * m_document->chunk[i];
            auto high = std::min(chunks.high[i] * m_document->chunk[i],
                                 m_slab->shape[i]);
            if (m_slab->axis == i)
            {
                low = std::max(low, m_slab->firstRow);
                high = std::min(high, m_slab->firstRow + m_slab->rows);
            }
            m_regionStart[i] = low;
            m_regionSize[i] = high > low ? high - low : 0;
        }
        const auto count = elementCount(m_regionSize);
        if (m_region)
            m_region->clear();
        if (!m_region || m_regionCapacity < count)
        {
            m_region = std::make_unique<ElementBuffer>(*m_type, count);
            m_regionCapacity = count;
        }
        return m_slab->sliceArray ? readSlice(count) : copyMemory();
    }

    Status readSlice(std::uint64_t count)
    {
        Extent start = m_regionStart;
        if (m_slab->axis)
            start[*m_slab->axis] += m_slab->sliceRow - m_slab->firstRow;
        if (!m_reader)
        {
            MDIMAPPEND_ASSIGN(m_reader, m_slice->reader());
        }
        const auto &conversion = m_slab->conversion;
        if (conversion.isNone())
            return m_reader->read(*m_slab->sliceArray, start, m_regionSize,
                                  m_region->data());
        m_unconverted.resize(static_cast<std::size_t>(count) *
                             conversion.sourceSize());
        MDIMAPPEND_RETURN_IF_ERROR(m_reader->read(
            *m_slab->sliceArray, start, m_regionSize, m_unconverted.data()));
        return conversion
            .apply(m_unconverted.data(), m_region->data(),
                   static_cast<std::size_t>(count))
            .prefixed("slice '" + m_slice->name() + "', array '" +
                      m_document->path + "'");
    }

    Status copyMemory()
    {
        Extent origin = m_regionStart;
        Extent whole = m_slab->shape;
        if (m_slab->axis)
        {
            origin[*m_slab->axis] -= m_slab->firstRow;
            whole[*m_slab->axis] = m_slab->rows;
        }
        const Extent zero(whole.size(), 0);
        if (!m_strings)
        {
            copyBox(m_slab->memory.data(), whole, origin, m_region->data(),
                    m_regionSize, zero, m_regionSize, m_elementSize);
            return Status::ok();
        }
        // Positions are copied as if they were elements, then texts are made.
        std::vector<std::size_t> positions(m_slab->memoryStrings.size());
        std::iota(positions.begin(), positions.end(), 0U);
        std::vector<std::size_t> picked(elementCount(m_regionSize));
        copyBox(positions.data(), whole, origin, picked.data(), m_regionSize,
                zero, m_regionSize, sizeof(std::size_t));
        auto *texts = static_cast<char **>(m_region->data());
        for (std::size_t i = 0; i < picked.size(); ++i)
            texts[i] = CPLStrdup(m_slab->memoryStrings[picked[i]].c_str());
        return Status::ok();
    }

    Status writeChunk(const ChunkIndex &index)
    {
        const auto &chunk = m_document->chunk;
        const auto rank = m_document->rank();
        Extent origin(rank);
        Extent inRegion(rank);
        Extent inChunk(rank);
        Extent extent(rank);
        for (std::size_t i = 0; i < rank; ++i)
        {
            origin[i] = index[i] * chunk[i];
            const auto low = std::max(origin[i], m_regionStart[i]);
            const auto high = std::min(origin[i] + chunk[i],
                                       m_regionStart[i] + m_regionSize[i]);
            inRegion[i] = low - m_regionStart[i];
            inChunk[i] = low - origin[i];
            extent[i] = high > low ? high - low : 0;
        }
        const void *whole = m_region->data();
        if (m_regionSize != chunk)
        {
            const auto count = elementCount(chunk);
            if (!m_chunk)
                m_chunk = std::make_unique<std::vector<char>>(
                    static_cast<std::size_t>(count) * m_elementSize);
            if (extent != chunk)
                fillElements(m_chunk->data(), count, m_padding.data(),
                             m_elementSize);
            MDIMAPPEND_RETURN_IF_ERROR(mergeCommitted(index, origin));
            copyBox(m_region->data(), m_regionSize, inRegion, m_chunk->data(),
                    chunk, inChunk, extent, m_elementSize);
            whole = m_chunk->data();
        }
        const auto written = putChunk(index, origin, whole);
        m_committed.reset();
        return written;
    }

    /// Puts the committed rows of a chunk into m_chunk.
    Status mergeCommitted(const ChunkIndex &index, const Extent &origin)
    {
        if (!m_slab->axis ||
            origin[*m_slab->axis] >= m_slab->committed[*m_slab->axis])
            return Status::ok();
        MDIMAPPEND_ASSIGN(const bool exists, m_view.holdsData(m_array, index));
        if (!exists)
            return Status::ok();
        Extent extent(origin.size());
        for (std::size_t i = 0; i < extent.size(); ++i)
            extent[i] = std::min(m_document->chunk[i],
                                 m_slab->committed[i] - origin[i]);
        m_committed =
            std::make_unique<ElementBuffer>(*m_type, elementCount(extent));
        MDIMAPPEND_ASSIGN(auto *committed, handle(Face::Read));
        MDIMAPPEND_RETURN_IF_ERROR(
            committed->read(origin, extent, m_committed->data()));
        MDIMAPPEND_RETURN_IF_ERROR(m_view.failure());
        const Extent zero(extent.size(), 0);
        copyBox(m_committed->data(), extent, zero, m_chunk->data(),
                m_document->chunk, zero, extent, m_elementSize);
        return Status::ok();
    }

    Status putChunk(const ChunkIndex &index, const Extent &origin,
                    const void *whole)
    {
        const auto count = elementCount(m_document->chunk);
        if (isAllFill(whole, count))
            return m_view.setAbsent(m_array, index);
        if (m_strings)
            MDIMAPPEND_RETURN_IF_ERROR(checkTexts(whole, count));
        const Face face = firstIsZero(whole) ? Face::WriteOne : Face::WriteZero;
        MDIMAPPEND_ASSIGN(auto *array, handle(face));
        return array->write(origin, m_document->chunk, whole);
    }

    /// What the driver would cut silently, or never return from.
    Status checkTexts(const void *whole, std::uint64_t count) const
    {
        const auto texts = static_cast<const char *const *>(whole);
        const auto &type = m_document->dataType;
        for (std::uint64_t i = 0; i < count; ++i)
        {
            const std::string text = texts[i] ? texts[i] : "";
            if (!CPLIsUTF8(text.c_str(), static_cast<int>(text.size())))
                return refused("array '" + m_document->path +
                               "': a text is not UTF-8.");
            const bool unicode = type.kind == DataType::Kind::FixedUnicode;
            const std::size_t length =
                unicode
                    ? static_cast<std::size_t>(CPLStrlenUTF8Ex(text.c_str()))
                    : text.size();
            const std::size_t most =
                type.kind == DataType::Kind::VariableUnicode
                    ? ArrayHandle::longestText
                : unicode ? type.size / 4
                          : type.size;
            if (length > most)
                return refused("array '" + m_document->path + "': the text '" +
                               text.substr(0, 40) + "...' is longer than the " +
                               std::to_string(most) +
                               " that the target holds.");
        }
        return Status::ok();
    }

    bool isAllFill(const void *whole, std::uint64_t count) const
    {
        if (!m_strings)
            return m_fill &&
                   (allElementsEqual(whole, count, m_fill->data(),
                                     m_elementSize) ||
                    (m_document->sharded && allFillAsNumbers(whole, count)));
        const auto &fill = m_document->fillValue;
        if (!fill.is_string() || !fill.get<std::string>().empty())
            return false;
        const auto texts = static_cast<const char *const *>(whole);
        return std::all_of(texts, texts + count,
                           [](const char *text) { return !text || !*text; });
    }

    /// How the driver compares in shards: -0 is 0, and any NaN is NaN.
    bool allFillAsNumbers(const void *whole, std::uint64_t count) const
    {
        const auto type = m_type->GetNumericDataType();
        if (!GDALDataTypeIsFloating(type))
            return false;
        const auto number = [&](const char *element)
        {
            std::array<double, 2> parts{};
            GDALCopyWords64(element, type, 0, parts.data(), GDT_CFloat64, 0, 1);
            return parts;
        };
        const auto same = [](double a, double b)
        { return a == b || (std::isnan(a) && std::isnan(b)); };
        const auto fill = number(m_fill->data());
        const auto *element = static_cast<const char *>(whole);
        for (std::uint64_t i = 0; i < count; ++i, element += m_elementSize)
        {
            const auto value = number(element);
            if (!same(value[0], fill[0]) || !same(value[1], fill[1]))
                return false;
        }
        return true;
    }

    bool firstIsZero(const void *whole) const
    {
        if (m_strings)
        {
            const char *text = *static_cast<const char *const *>(whole);
            return !text || !*text;
        }
        std::array<double, 2> number{};
        GDALCopyWords64(whole, m_type->GetNumericDataType(), 0, number.data(),
                        GDT_CFloat64, 0, 1);
        return number[0] == 0 && number[1] == 0;
    }

    View &m_view;
    const Slice *m_slice;
    std::unique_ptr<SliceReader> m_reader;
    const Slab *m_slab = nullptr;
    std::size_t m_array = 0;
    const ArrayDocument *m_document = nullptr;
    std::array<std::unique_ptr<ArrayHandle>, 3> m_handles;
    std::unique_ptr<GDALExtendedDataType> m_type;
    bool m_strings = false;
    std::size_t m_elementSize = 0;
    std::optional<std::string> m_fill;
    std::string m_padding;
    Extent m_regionStart;
    Extent m_regionSize;
    std::unique_ptr<ElementBuffer> m_region;
    std::uint64_t m_regionCapacity = 0;
    std::vector<char> m_unconverted;
    std::unique_ptr<std::vector<char>> m_chunk;
    std::unique_ptr<ElementBuffer> m_committed;
};

}  // namespace mdimappend
