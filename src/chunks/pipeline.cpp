#include "chunks/pipeline.h"

#include "chunks/chunk_writer.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace mdimappend
{

namespace
{

/// What a worker reads at a time, if the chunks are smaller than that: little,
/// so that all workers have something of a small slice.
constexpr std::uint64_t blockBudget = 4ULL << 20;

/// Requests to a store mostly wait.
constexpr int leastRemoteThreads = 16;
/// A thread costs more than it brings for less work than that.
constexpr double leastBytesPerThread = 1 << 20;

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

/// A block for each thread, at least: of less than `budget` bytes then.
std::uint64_t budgetFor(const Slab &slab, std::uint64_t chunkSize,
                        const PipelineOptions &options)
{
    if (!options.eachChunkWaits)
        return blockBudget;
    std::uint64_t chunks = 0;
    for (const auto &box : slab.boxes)
        chunks += box.count();
    const auto each = static_cast<std::uint64_t>(std::max(options.threads, 1));
    return std::min(blockBudget, chunkSize * std::max<std::uint64_t>(
                                                 chunks / (2 * each), 1));
}

Work makeWork(const View &view, const Slab &slab,
              const PipelineOptions &options)
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
    std::uint64_t chunkSize = elementSize;
    for (const auto length : chunk)
        chunkSize *= length;
    work.blockChunks = blockOfChunks(grid, chunk, slab.sliceBlock, elementSize,
                                     budgetFor(slab, chunkSize, options));
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
            m_work.push_back(makeWork(view, slab, options));
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
        // The others may have gone on for long since this one last asked.
        if (!m_stop && m_options.progress && !m_options.progress(1))
            fail(Status(Failure::Interrupted, "interrupted"));
        const std::lock_guard guard(m_mutex);
        return m_failure;
    }

  private:
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

void Pipeline::work(bool reportsProgress)
{
    // The driver's own multithreading loses data (docs/architecture.md).
    const CPLConfigOptionSetter oneThread("GDAL_NUM_THREADS", "1", false);
    ChunkWriter writer(m_view, m_slice);
    const auto tryRun = [&](const Item &item) -> Status
    {
        const auto &work = m_work[item.work];
        try
        {
            return writer.write(*work.slab, work.array, item.chunks);
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
    writer.closeArray();
}

}  // namespace

std::uint64_t countChunks(const std::vector<ChunkBox> &boxes)
{
    std::uint64_t chunks = 0;
    for (const auto &box : boxes)
        chunks += box.count();
    return chunks;
}

double uncompressedBytes(const View::Array &array)
{
    double size = static_cast<double>(array.document.dataType.size) *
                  static_cast<double>(countChunks(array.planned.added) +
                                      countChunks(array.planned.replaced));
    for (const auto length : array.document.chunk)
        size *= static_cast<double>(length);
    return size;
}

int worthwhileThreads(const std::vector<View::Array> &arrays,
                      const Storage &storage)
{
    if (storage.waitsForAnswers())
        return std::max(leastRemoteThreads,
                        static_cast<int>(std::thread::hardware_concurrency()));
    double bytes = 0;
    for (const auto &array : arrays)
        bytes += uncompressedBytes(array);
    const double most = std::max(1U, std::thread::hardware_concurrency());
    return static_cast<int>(std::clamp(bytes / leastBytesPerThread, 1.0, most));
}

Status runPipeline(View &view, const Slice *slice,
                   const std::vector<Slab> &slabs,
                   const PipelineOptions &options)
{
    view.putAtOnce(static_cast<std::size_t>(std::max(1, options.threads)));
    auto done = Pipeline(view, slice, slabs, options).run();
    view.wait();
    MDIMAPPEND_RETURN_IF_ERROR(std::move(done));
    return view.failure();
}

}  // namespace mdimappend
