#include "append/batch.h"

#include "append/pipeline.h"

#include <thread>

namespace mdimappend
{

namespace
{

Result<Writer> openTarget(const AppendOptions &options)
{
    if (options.dryRun)
        return openForReading(options.target, options.group);
    WriterRequest request;
    request.target = options.target;
    request.group = options.group;
    request.durability = options.durability;
    request.lock = options.lock;
    request.lockTimeout = options.lockTimeout;
    request.command = options.command;
    request.cancelled = options.cancelled;
    if (options.posix)
        request.posix = options.posix;
    return openForWriting(request);
}

Json planAsJson(const AppendPlan &plan)
{
    const auto count = [](const std::vector<ChunkBox> &boxes)
    {
        std::uint64_t chunks = 0;
        for (const auto &box : boxes)
            chunks += box.count();
        return chunks;
    };
    Json arrays = Json::array();
    for (const auto &array : plan.intent.arrays)
        arrays.push_back({{"path", array.document.path},
                          {"chunk", array.document.chunk},
                          {"chunks_added", count(array.planned.added)},
                          {"chunks_replaced", count(array.planned.replaced)}});
    return {{"arrays", arrays}, {"documents", plan.intent.order}};
}

void describe(const AppendPlan &plan, SliceReport &report)
{
    report.firstRow = plan.firstRow;
    report.rows = plan.rows;
    report.rowsAlreadyThere = plan.rowsAlreadyThere;
    report.firstLabel = plan.firstLabel;
    report.lastLabel = plan.lastLabel;
    report.created = plan.create;
}

}  // namespace

Result<std::unique_ptr<Batch>> Batch::open(const AppendOptions &options,
                                           const std::string &appendDim,
                                           RecoveryReport &recovered)
{
    std::unique_ptr<Batch> batch(new Batch(options));
    MDIMAPPEND_ASSIGN(batch->m_writer, openTarget(options));
    auto &storage = *batch->m_writer.storage;
    if (!options.dryRun)
    {
        MDIMAPPEND_ASSIGN(recovered, recover(storage, batch->m_writer.site));
    }
    // Recovery may have made or removed the store.
    MDIMAPPEND_ASSIGN(batch->m_site, locateSite(options.target, options.group));
    MDIMAPPEND_RETURN_IF_ERROR(refuseForeign(batch->m_site));
    auto &cube = batch->m_cube;
    MDIMAPPEND_ASSIGN(cube.target,
                      readTarget(storage, batch->m_site, appendDim));
    cube.committedRows = cube.target.size;
    return batch;
}

Status Batch::add(std::unique_ptr<Slice> slice, SliceReport &report,
                  const std::function<bool(double)> &progress)
{
    const auto fingerprint = slice->fingerprint();
    MDIMAPPEND_ASSIGN(
        AppendPlan plan,
        planAppend(m_options, m_site, *m_writer.storage, *slice, m_cube));
    describe(plan, report);
    m_ignoredArrays = plan.ignoredArrays;
    if (plan.rows == 0)
    {
        report.outcome = SliceReport::Outcome::AlreadyThere;
        return Status::ok();
    }
    if (m_options.dryRun)
    {
        report.outcome = SliceReport::Outcome::WouldAppend;
        report.plan = planAsJson(plan);
        m_cube = std::move(plan.after);
        return Status::ok();
    }
    const auto chunksBefore =
        m_transaction ? m_transaction->view().chunksWritten() : 0;
    const auto bytesBefore =
        m_transaction ? m_transaction->view().bytesWritten() : 0;
    MDIMAPPEND_RETURN_IF_ERROR(write(*slice, plan, progress));
    report.chunks = m_transaction->view().chunksWritten() - chunksBefore;
    report.bytes = m_transaction->view().bytesWritten() - bytesBefore;
    report.outcome = SliceReport::Outcome::Appended;
    if (m_waiting.empty())
    {
        m_firstRow = plan.firstRow;
        m_firstLabel = plan.firstLabel;
    }
    m_lastLabel = plan.lastLabel;
    m_rows += plan.rows;
    m_cube = std::move(plan.after);
    m_waiting.push_back({std::move(slice), fingerprint});
    return Status::ok();
}

Status Batch::write(const Slice &slice, AppendPlan &plan,
                    const std::function<bool(double)> &progress)
{
    if (!m_transaction)
    {
        MDIMAPPEND_ASSIGN(
            m_transaction,
            Transaction::begin(m_site, *m_writer.storage, *m_writer.lock,
                               m_options.durability, std::move(plan.intent)));
    }
    else if (auto extended = m_transaction->extend(std::move(plan.intent));
             !extended)
    {
        return giveUp(std::move(extended));
    }
    PipelineOptions pipeline;
    pipeline.threads =
        m_options.threads > 0
            ? m_options.threads
            : static_cast<int>(std::thread::hardware_concurrency());
    pipeline.progress = progress;
    if (auto written =
            runPipeline(m_transaction->view(), &slice, plan.slabs, pipeline);
        !written)
        return giveUp(std::move(written));
    return Status::ok();
}

Status Batch::giveUp(Status why)
{
    m_undone = true;
    if (auto undone = m_transaction->undo(); !undone)
        return std::move(why).suffixed("Undoing the append failed too (" +
                                       undone.message() +
                                       "); the next run tries again.");
    return std::move(why).suffixed("Nothing was appended.");
}

void Batch::undo()
{
    if (m_transaction && !m_undone)
        static_cast<void>(bool(giveUp(Status::ok())));
}

Json Batch::logRecord() const
{
    Json slices = Json::array();
    for (const auto &waiting : m_waiting)
        slices.push_back({{"name", waiting.slice->name()},
                          {"path", canonicalPath(waiting.slice->name())},
                          {"state", waiting.fingerprint}});
    return {{"group", m_site.group},
            {"append_dim", m_waiting.front().slice->appendDim()},
            {"first_row", m_firstRow},
            {"rows", m_rows},
            {"first_label", m_firstLabel},
            {"last_label", m_lastLabel},
            {"slices", slices},
            {"command", m_options.command},
            {"message", m_options.message}};
}

Result<std::uint64_t> Batch::commit()
{
    if (m_waiting.empty())
        return std::uint64_t{0};
    MDIMAPPEND_RETURN_IF_ERROR(m_transaction->commit(
        logRecord(),
        [&]() -> Status
        {
            for (const auto &waiting : m_waiting)
            {
                if (waiting.slice->fingerprint() != waiting.fingerprint)
                    return {Failure::Unavailable,
                            "slice '" + waiting.slice->name() +
                                "' changed while it was read."};
            }
            return Status::ok();
        }));
    return m_transaction->sequence();
}

}  // namespace mdimappend
