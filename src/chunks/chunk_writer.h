// From a slice to chunks, in one thread: copies them where that is possible,
// else reads the part of a block, converts, pads, merges with committed rows,
// and encodes whole chunks, or has the driver do it.
// Holds this thread's handles and buffers; internal to the pipeline.

#pragma once

#include "chunks/array_handle.h"
#include "chunks/chunk_copier.h"
#include "chunks/slab.h"
#include "slice/slice.h"
#include "transaction/view.h"
#include "zarr/blosc_codec.h"
#include "zarr/chunk_rows.h"
#include "zarr/empty_shard.h"

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
#include <utility>
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
            m_copier.emplace(m_view, array, slab);
            if (!m_copier->mayCopy(m_slice))
                m_copier.reset();
        }
        if (!m_copier)
            return convert(chunks);
        MDIMAPPEND_RETURN_IF_ERROR(openReader());
        const auto count = chunks.count();
        for (std::uint64_t i = 0; i < count; ++i)
        {
            const auto index = chunks.at(i);
            MDIMAPPEND_ASSIGN(const bool copied,
                              m_copier->copy(*m_reader, index));
            if (!copied)
                MDIMAPPEND_RETURN_IF_ERROR(convert(boxOf(index)));
        }
        return m_view.failure();
    }

    /// Writes out what the driver holds.
    void closeArray()
    {
        m_handles = {};
        m_type.reset();
        m_slab = nullptr;
        m_regions.clear();
        m_chunk.reset();
    }

  private:
    static ChunkBox boxOf(const ChunkIndex &index)
    {
        ChunkBox box{index, index};
        for (auto &high : box.high)
            ++high;
        return box;
    }

    Status openReader()
    {
        if (!m_reader)
        {
            MDIMAPPEND_ASSIGN(m_reader, m_slice->reader());
        }
        return Status::ok();
    }

    Status convert(const ChunkBox &chunks)
    {
        if (!m_type)
            MDIMAPPEND_RETURN_IF_ERROR(prepareFill());
        MDIMAPPEND_RETURN_IF_ERROR(readRegions(chunks));
        const auto count = chunks.count();
        for (std::uint64_t i = 0; i < count; ++i)
            MDIMAPPEND_RETURN_IF_ERROR(writeChunk(chunks.at(i)));
        return m_view.failure();
    }

    Result<ArrayHandle *> handle(OpenMode mode)
    {
        auto &slot = m_handles[static_cast<std::size_t>(mode)];
        if (!slot)
        {
            MDIMAPPEND_ASSIGN(slot, ArrayHandle::open(m_view, m_array, mode));
        }
        return slot.get();
    }

    Status prepareFill()
    {
        const auto &dataType = m_document->dataType;
        m_blosc = BloscSettings::of(*m_document);
        if (m_blosc &&
            dataType.size == static_cast<std::size_t>(
                                 GDALGetDataTypeSizeBytes(dataType.gdal)))
        {
            m_type = std::make_unique<GDALExtendedDataType>(
                GDALExtendedDataType::Create(dataType.gdal));
        }
        else
        {
            m_blosc.reset();
            MDIMAPPEND_ASSIGN(const auto *any, handle(OpenMode::WriteZero));
            m_type = std::make_unique<GDALExtendedDataType>(any->type());
        }
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

    /// A box of the array, converted, that one run of rows brings.
    struct Region
    {
        Extent start;
        Extent size;
        std::unique_ptr<ElementBuffer> values;
        std::uint64_t capacity = 0;
    };

    /// Reads the slab's part of these chunks.
    Status readRegions(const ChunkBox &chunks)
    {
        Extent start;
        Extent end;
        for (std::size_t i = 0; i < m_document->rank(); ++i)
        {
            start.push_back(chunks.low[i] * m_document->chunk[i]);
            end.push_back(std::min(chunks.high[i] * m_document->chunk[i],
                                   m_slab->shape[i]));
            if (m_slab->part)
            {
                start[i] = std::max(start[i], m_slab->part->low[i]);
                end[i] = std::min(end[i], m_slab->part->high[i]);
            }
        }
        std::size_t used = 0;
        std::uint64_t inMemory = 0;
        for (const auto &run : m_slab->runs)
        {
            Extent from = start;
            Extent to = end;
            if (m_slab->axis)
            {
                const auto axis = *m_slab->axis;
                from[axis] = std::max(start[axis], run.targetRow);
                to[axis] = std::min(end[axis], run.targetRow + run.rows);
                if (from[axis] >= to[axis])
                {
                    inMemory += run.rows;
                    continue;
                }
            }
            if (used == m_regions.size())
                m_regions.emplace_back();
            Region &region = m_regions[used++];
            region.start = from;
            region.size = to;
            for (std::size_t i = 0; i < from.size(); ++i)
                region.size[i] -= from[i];
            MDIMAPPEND_RETURN_IF_ERROR(fillRegion(region, run, inMemory));
            inMemory += run.rows;
        }
        m_regions.resize(used);
        return Status::ok();
    }

    Status fillRegion(Region &region, const RowRun &run, std::uint64_t inMemory)
    {
        const auto count = elementCount(region.size);
        if (region.values)
            region.values->clear();
        if (!region.values || region.capacity < count)
        {
            region.values = std::make_unique<ElementBuffer>(*m_type, count);
            region.capacity = count;
        }
        if (m_slab->sliceArray)
            return readSlice(region, run, count);
        if (!m_slab->constant)
            return copyMemory(region, run, inMemory);
        if (!m_strings)
            fillElements(region.values->data(), count, m_slab->constant->data(),
                         m_elementSize);
        return Status::ok();
    }

    Status readSlice(Region &region, const RowRun &run, std::uint64_t count)
    {
        Extent start = region.start;
        for (std::size_t i = 0; m_slab->part && i < start.size(); ++i)
        {
            if (i != m_slab->axis)
                start[i] -= m_slab->part->low[i];
        }
        if (m_slab->axis)
            start[*m_slab->axis] += run.sliceRow - run.targetRow;
        MDIMAPPEND_RETURN_IF_ERROR(openReader());
        const auto &conversion = m_slab->conversion;
        if (conversion.isNone())
            return m_reader->read(*m_slab->sliceArray, start, region.size,
                                  region.values->data());
        m_unconverted.resize(static_cast<std::size_t>(count) *
                             conversion.sourceSize());
        MDIMAPPEND_RETURN_IF_ERROR(m_reader->read(
            *m_slab->sliceArray, start, region.size, m_unconverted.data()));
        return conversion
            .apply(m_unconverted.data(), region.values->data(),
                   static_cast<std::size_t>(count))
            .prefixed("slice '" + m_slice->name() + "', array '" +
                      m_document->path + "'");
    }

    /// `inMemory`: where the run's rows begin there.
    Status copyMemory(Region &region, const RowRun &run, std::uint64_t inMemory)
    {
        Extent origin = region.start;
        Extent shape = m_slab->shape;
        if (m_slab->axis)
        {
            const auto axis = *m_slab->axis;
            origin[axis] += inMemory - run.targetRow;
            shape[axis] = 0;
            for (const auto &each : m_slab->runs)
                shape[axis] += each.rows;
        }
        const Extent zero(shape.size(), 0);
        if (!m_strings)
        {
            copyBox(m_slab->memory.data(), shape, origin, region.values->data(),
                    region.size, zero, region.size, m_elementSize);
            return Status::ok();
        }
        // Numbers of the strings first, then the strings they stand for.
        std::vector<std::uint64_t> numbers(m_slab->memoryStrings.size());
        std::iota(numbers.begin(), numbers.end(), 0);
        std::vector<std::uint64_t> picked(
            static_cast<std::size_t>(elementCount(region.size)));
        copyBox(numbers.data(), shape, origin, picked.data(), region.size, zero,
                region.size, sizeof(std::uint64_t));
        auto texts = static_cast<char **>(region.values->data());
        for (std::size_t i = 0; i < picked.size(); ++i)
            texts[i] = CPLStrdup(m_slab->memoryStrings[picked[i]].c_str());
        return Status::ok();
    }

    bool holdsCommitted(const Extent &origin) const
    {
        return m_slab->axis &&
               origin[*m_slab->axis] < m_slab->committed[*m_slab->axis];
    }

    Status writeChunk(const ChunkIndex &index)
    {
        const auto &chunk = m_document->chunk;
        Extent origin;
        for (std::size_t i = 0; i < chunk.size(); ++i)
            origin.push_back(index[i] * chunk[i]);
        const bool whole = m_regions.size() == 1 &&
                           m_regions[0].size == chunk &&
                           !holdsCommitted(origin);
        if (whole)
            return putChunk(index, origin, m_regions[0].values->data());
        MDIMAPPEND_ASSIGN(const bool replaced, replaceRows(index, origin));
        if (replaced)
            return Status::ok();
        const auto count = elementCount(chunk);
        if (!m_chunk)
            m_chunk = std::make_unique<std::vector<char>>(
                static_cast<std::size_t>(count) * m_elementSize);
        if (!isCovered(origin, chunk))
            fillElements(m_chunk->data(), count, m_padding.data(),
                         m_elementSize);
        MDIMAPPEND_RETURN_IF_ERROR(mergeCommitted(index, origin));
        for (const auto &region : m_regions)
            copyRegion(region, origin, chunk, m_chunk->data());
        const auto written = putChunk(index, origin, m_chunk->data());
        m_committed.reset();
        return written;
    }

    /// Puts rows into a chunk that is there, without decoding all of it. False:
    /// that cannot be done, or would not be faster.
    Result<bool> replaceRows(const ChunkIndex &index, Extent origin)
    {
        if (m_slab->axis != std::size_t{0} || !holdsCommitted(origin) ||
            m_regions.size() != 1 || !m_blosc || m_slab->part)
            return false;
        const Region &region = m_regions.front();
        Extent box = m_document->chunk;
        const auto chunkEnd = origin[0] + box[0];
        const auto first = std::max(origin[0], region.start[0]);
        const auto end = std::min(chunkEnd, region.start[0] + region.size[0]);
        if (first >= end)
            return false;
        MDIMAPPEND_ASSIGN(const bool exists, m_view.holdsData(m_array, index));
        if (!exists)
            return false;
        const auto firstRow = first - std::exchange(origin[0], first);
        box[0] = end - first;
        const auto count = elementCount(box);
        std::string rows(static_cast<std::size_t>(count) * m_elementSize, '\0');
        if (!isCovered(origin, box))
            fillElements(rows.data(), count, m_padding.data(), m_elementSize);
        copyRegion(region, origin, box, rows.data());
        MDIMAPPEND_ASSIGN(const auto object, m_view.read(m_array, index));
        const auto changed =
            object
                ? mdimappend::replaceRows(*m_document, *object, firstRow, rows)
                : std::nullopt;
        if (!changed)
            return false;
        MDIMAPPEND_RETURN_IF_ERROR(m_view.put(m_array, index, *changed));
        return true;
    }

    /// Whether one region has all of the box at `origin`.
    bool isCovered(const Extent &origin, const Extent &box) const
    {
        const auto covers = [&](const Region &region)
        {
            for (std::size_t i = 0; i < origin.size(); ++i)
            {
                if (region.start[i] > origin[i] ||
                    region.start[i] + region.size[i] < origin[i] + box[i])
                    return false;
            }
            return true;
        };
        return std::any_of(m_regions.begin(), m_regions.end(), covers);
    }

    /// What of a region lies in the box at `origin`, into the values of that.
    void copyRegion(const Region &region, const Extent &origin,
                    const Extent &box, void *values) const
    {
        const auto rank = box.size();
        Extent inRegion(rank);
        Extent inBox(rank);
        Extent extent(rank);
        for (std::size_t i = 0; i < rank; ++i)
        {
            const auto low = std::max(origin[i], region.start[i]);
            const auto high =
                std::min(origin[i] + box[i], region.start[i] + region.size[i]);
            if (high <= low)
                return;
            inRegion[i] = low - region.start[i];
            inBox[i] = low - origin[i];
            extent[i] = high - low;
        }
        copyBox(region.values->data(), region.size, inRegion, values, box,
                inBox, extent, m_elementSize);
    }

    /// Puts the committed rows of a chunk into m_chunk.
    Status mergeCommitted(const ChunkIndex &index, const Extent &origin)
    {
        if (!holdsCommitted(origin))
            return Status::ok();
        Extent extent(origin.size());
        for (std::size_t i = 0; i < extent.size(); ++i)
            extent[i] = std::min(m_document->chunk[i],
                                 m_slab->committed[i] - origin[i]);
        if (isCovered(origin, extent))
            return Status::ok();
        MDIMAPPEND_ASSIGN(const bool exists, m_view.holdsData(m_array, index));
        if (!exists)
            return Status::ok();
        m_committed =
            std::make_unique<ElementBuffer>(*m_type, elementCount(extent));
        MDIMAPPEND_ASSIGN(auto *committed, handle(OpenMode::Read));
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
        {
            MDIMAPPEND_ASSIGN(const bool must,
                              m_view.mustBeWritten(m_array, index));
            if (!must)
                return m_view.setAbsent(m_array, index);
            // The driver leaves out a shard of nothing but fill.
            if (m_document->sharded)
            {
                if (const auto empty = emptyShard(*m_document))
                    return m_view.put(m_array, index, *empty);
                return refused("array '" + m_document->path +
                               "': a shard becomes all fill, and a writer "
                               "that has a lease only cannot delete it. "
                               "Without --lock lease it can.");
            }
        }
        if (m_blosc)
        {
            const std::string_view bytes(static_cast<const char *>(whole),
                                         static_cast<std::size_t>(count) *
                                             m_elementSize);
            if (const auto encoded = bloscEncode(*m_blosc, bytes, m_encoded))
                return m_view.put(m_array, index, *encoded);
        }
        if (m_strings)
            MDIMAPPEND_RETURN_IF_ERROR(checkTexts(whole, count));
        const OpenMode mode =
            firstIsZero(whole) ? OpenMode::WriteOne : OpenMode::WriteZero;
        MDIMAPPEND_ASSIGN(auto *array, handle(mode));
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
    std::optional<ChunkCopier> m_copier;
    std::array<std::unique_ptr<ArrayHandle>, 3> m_handles;
    std::unique_ptr<GDALExtendedDataType> m_type;
    std::optional<BloscSettings> m_blosc;  ///< if no driver is needed
    std::string m_encoded;
    bool m_strings = false;
    std::size_t m_elementSize = 0;
    std::optional<std::string> m_fill;
    std::string m_padding;
    std::vector<Region> m_regions;
    std::vector<char> m_unconverted;
    std::unique_ptr<std::vector<char>> m_chunk;
    std::unique_ptr<ElementBuffer> m_committed;
};

}  // namespace mdimappend
