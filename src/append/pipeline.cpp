#include "append/pipeline.h"

#include "append/array_handle.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <mutex>
#include <numeric>
#include <thread>

namespace mdimappend
{

namespace
{

/// What a worker reads at a time, if the chunks are smaller than that.
constexpr std::uint64_t blockBudget = 16ULL << 20;

/// A slab cut into blocks of chunks; no list of them is ever made.
struct Work
{
    const Slab *slab = nullptr;
    std::size_t array = 0;  ///< in the view
    Extent blockChunks;
    std::uint64_t blocks = 0;

    ChunkBox block(std::uint64_t number) const
    {
        for (const auto &box : slab->boxes)
        {
            const ChunkBox grid = blockGrid(box);
            const auto count = grid.count();
            if (number < count)
            {
                ChunkBox chunks;
                const auto at = grid.at(number);
                for (std::size_t i = 0; i < at.size(); ++i)
                {
                    chunks.low.push_back(box.low[i] + at[i] * blockChunks[i]);
                    chunks.high.push_back(std::min(
                        chunks.low.back() + blockChunks[i], box.high[i]));
                }
                return chunks;
            }
            number -= count;
        }
        return {};
    }

    ChunkBox blockGrid(const ChunkBox &box) const
    {
        ChunkBox grid;
        for (std::size_t i = 0; i < box.low.size(); ++i)
        {
            grid.low.push_back(0);
            grid.high.push_back(
                ceilDivide(box.high[i] - box.low[i], blockChunks[i]));
        }
        return grid;
    }
};

Work makeWork(const View &view, const Slab &slab)
{
    Work work;
    work.slab = &slab;
    work.array = view.find(slab.path).value();
    const auto &array = view.array(work.array);
    const auto &chunk = array.document.chunk;
    Extent grid;
    for (std::size_t i = 0; i < chunk.size(); ++i)
        grid.push_back(ceilDivide(slab.shape[i], chunk[i]));
    const std::size_t elementSize =
        std::max<std::size_t>(array.document.dataType.size, 1);
    work.blockChunks =
        blockOfChunks(grid, chunk, slab.sliceBlock, elementSize, blockBudget);
    for (const auto &box : slab.boxes)
        work.blocks += work.blockGrid(box).count();
    return work;
}

class Pipeline
{
  public:
    Pipeline(View &view, const Slice *slice, const std::vector<Slab> &slabs,
             const PipelineOptions &options)
        : m_view(view), m_slice(slice), m_options(options)
    {
        for (const auto &slab : slabs)
        {
            m_work.push_back(makeWork(view, slab));
            m_total += m_work.back().blocks;
        }
    }

    Status run()
    {
        const auto most =
            static_cast<std::uint64_t>(std::max(1, m_options.threads));
        const auto count = std::min<std::uint64_t>(most, m_total);
        const CPLStringList configuration(CPLGetThreadLocalConfigOptions());
        std::vector<std::thread> threads;
        for (std::uint64_t i = 1; i < count; ++i)
        {
            threads.emplace_back(
                [&]
                {
                    CPLSetThreadLocalConfigOptions(configuration.List());
                    work(false);
                });
        }
        work(true);
        for (auto &thread : threads)
            thread.join();
        const std::lock_guard guard(m_mutex);
        return m_failure;
    }

  private:
    class Worker;

    struct Item
    {
        std::size_t work = 0;
        ChunkBox chunks;
    };

    std::optional<Item> next()
    {
        if (m_stop)
            return std::nullopt;
        const std::lock_guard guard(m_mutex);
        while (m_current < m_work.size() &&
               m_nextBlock >= m_work[m_current].blocks)
        {
            ++m_current;
            m_nextBlock = 0;
        }
        if (m_current >= m_work.size())
            return std::nullopt;
        return Item{m_current, m_work[m_current].block(m_nextBlock++)};
    }

    void fail(Status status)
    {
        const std::lock_guard guard(m_mutex);
        if (m_failure)
            m_failure = std::move(status);
        m_stop = true;
    }

    void work(bool reportsProgress);

    View &m_view;
    const Slice *m_slice;
    const PipelineOptions &m_options;
    std::vector<Work> m_work;
    std::uint64_t m_total = 0;
    std::mutex m_mutex;
    std::size_t m_current = 0;
    std::uint64_t m_nextBlock = 0;
    Status m_failure;
    std::atomic<std::uint64_t> m_done{0};
    std::atomic<bool> m_stop{false};
};

/// One thread's handles and buffers.
class Pipeline::Worker
{
  public:
    Worker(View &view, const Slice *slice) : m_view(view), m_slice(slice)
    {
    }

    Status run(const Work &work, const ChunkBox &chunks)
    {
        if (work.slab != m_slab)
        {
            closeArray();
            m_slab = work.slab;
            m_array = work.array;
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

void Pipeline::work(bool reportsProgress)
{
    // The driver's own multithreading loses data (docs/architecture.md).
    const CPLConfigOptionSetter oneThread("GDAL_NUM_THREADS", "1", false);
    Worker worker(m_view, m_slice);
    const auto tryRun = [&](const Item &item) -> Status
    {
        const auto &work = m_work[item.work];
        try
        {
            return worker.run(work, item.chunks);
        }
        catch (const std::exception &failure)
        {
            // A thread's exception would end the process.
            return error("array '" + m_view.array(work.array).document.path +
                         "': a block of its chunks cannot be worked on: " +
                         failure.what() + ".");
        }
    };
    while (const auto item = next())
    {
        if (auto done = tryRun(*item); !done)
        {
            fail(std::move(done));
            break;
        }
        const auto done = ++m_done;
        if (reportsProgress && m_options.progress &&
            !m_options.progress(static_cast<double>(done) /
                                static_cast<double>(m_total)))
            fail(Status(Failure::Interrupted, "interrupted"));
    }
    worker.closeArray();
}

}  // namespace

Status runPipeline(View &view, const Slice *slice,
                   const std::vector<Slab> &slabs,
                   const PipelineOptions &options)
{
    MDIMAPPEND_RETURN_IF_ERROR(Pipeline(view, slice, slabs, options).run());
    return view.failure();
}

}  // namespace mdimappend
