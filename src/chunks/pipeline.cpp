// The workers, and what they share: the next block, the first failure.

#include "chunks/pipeline.h"

#include "chunks/chunk_blocks.h"
#include "chunks/chunk_writer.h"
#include "chunks/planned_arrays.h"
#include "mutex.h"
#include "trace.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

namespace mdimappend
{

namespace
{

class Pipeline
{
  public:
    Pipeline(View &view, const Slice *slice, const std::vector<Slab> &slabs,
             const PipelineOptions &options)
        : m_view(view), m_slice(slice), m_options(options)
    {
        const int threads = std::max(options.threads, 1);
        for (const auto &slab : slabs)
        {
            m_work.emplace_back(view, slab,
                                options.eachChunkWaits ? threads : 0);
            m_total += m_work.back().count();
        }
    }

    Status run()
    {
        const auto most =
            static_cast<std::uint64_t>(std::max(1, m_options.threads));
        const auto count = std::min<std::uint64_t>(most, m_total);
        trace(m_options.transaction, "the pipeline has ", m_total,
              " blocks of ", m_work.size(), " arrays for ", count, " threads");
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
        const MutexLock lock(m_mutex);
        return m_failure;
    }

  private:
    struct Item
    {
        const ChunkBlocks *blocks = nullptr;
        ChunkBox chunks;
    };

    std::optional<Item> next()
    {
        if (m_stop)
            return std::nullopt;
        const MutexLock lock(m_mutex);
        while (m_current < m_work.size() &&
               m_nextBlock >= m_work[m_current].count())
        {
            ++m_current;
            m_nextBlock = 0;
        }
        if (m_current >= m_work.size())
            return std::nullopt;
        const auto &blocks = m_work[m_current];
        return Item{&blocks, blocks.block(m_nextBlock++)};
    }

    void fail(Status status)
    {
        const MutexLock lock(m_mutex);
        if (m_failure)
            m_failure = std::move(status);
        m_stop = true;
    }

    /// One worker, until there is no work or somebody has failed.
    void work(bool reportsProgress);
    Status writeItem(ChunkWriter &writer, const Item &item) const;

    View &m_view;
    const Slice *m_slice;
    const PipelineOptions &m_options;
    std::vector<ChunkBlocks> m_work;  ///< not changed while workers run
    std::uint64_t m_total = 0;
    Mutex m_mutex;
    std::size_t m_current MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
    std::uint64_t m_nextBlock MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
    Status m_failure MDIMAPPEND_GUARDED_BY(m_mutex);
    std::atomic<std::uint64_t> m_done{0};
    std::atomic<bool> m_stop{false};
};

Status Pipeline::writeItem(ChunkWriter &writer, const Item &item) const
{
    const auto &blocks = *item.blocks;
    try
    {
        return writer.write(blocks.slab(), blocks.array(), item.chunks);
    }
    catch (const std::exception &failure)
    {
        // A thread's exception would end the process.
        return error("array '" + m_view.array(blocks.array()).document.path +
                     "': a block of its chunks cannot be worked on: " +
                     failure.what() + ".");
    }
}

void Pipeline::work(bool reportsProgress)
{
    // The driver's own multithreading loses data (docs/architecture.md).
    const CPLConfigOptionSetter oneThread("GDAL_NUM_THREADS", "1", false);
    ChunkWriter writer(m_view, m_slice, m_options.transaction);
    while (const auto item = next())
    {
        if (auto done = writeItem(writer, *item); !done)
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

PipelineOptions PipelineOptions::of(int threads,
                                    const std::vector<View::Array> &arrays,
                                    const Storage &storage, const Slice *slice)
{
    PipelineOptions options;
    options.eachChunkWaits =
        storage.waitsForAnswers() || (slice && slice->waitsForAnswers());
    options.threads = threads > 0
                          ? threads
                          : worthwhileThreads(arrays, options.eachChunkWaits);
    return options;
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
