// A batch on its way from the lock to the commit, one slice after the other.

#include "append/batch.h"

#include "append/log_record.h"
#include "append/logged_slices.h"
#include "append/plan_report.h"
#include "chunks/pipeline.h"
#include "cube/target_attributes.h"
#include "secrets.h"
#include "storage/object_address.h"
#include "trace.h"

#include <algorithm>
#include <utility>

namespace mdimappend
{

namespace
{

/// Of a store that is there.
Status refuseExchange(const WriterRequest &place)
{
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(place));
    return reader.site.exists
               ? Status(Failure::Usage,
                        "--overwrite exchanges two folders in one instant, "
                        "which an object store cannot do. Write to a new name. "
                        "Nothing was written.")
               : Status::ok();
}

/// A slice's part of the log record.
Json loggedSlice(const Slice &slice, const std::string &fingerprint,
                 const AppendPlan &plan)
{
    Json logged = {{"name", withoutSecrets(slice.name())},
                   {"path", canonicalPath(slice.name())},
                   {"state", fingerprint},
                   {"first_row", plan.firstRow},
                   {"rows", plan.rows},
                   {"first_label", plan.firstLabel},
                   {"last_label", plan.lastLabel}};
    if (plan.replacedRows > 0)
        logged["replaced_rows"] = plan.replacedRows;
    return logged;
}

std::uint64_t alteredValues(const std::vector<Slab> &slabs)
{
    std::uint64_t altered = 0;
    for (const auto &slab : slabs)
        altered += slab.conversion.altered();
    return altered;
}

}  // namespace

Result<std::unique_ptr<Batch>> Batch::open(const AppendOptions &options,
                                           const WriterRequest &place,
                                           const std::string &appendDim,
                                           RecoveryReport &recovered,
                                           bool mayOverwrite)
{
    std::unique_ptr<Batch> batch(new Batch(options));
    const bool overwrites = options.overwrite && mayOverwrite;
    if (overwrites && isRemote(options.target))
        MDIMAPPEND_RETURN_IF_ERROR(refuseExchange(place));
    MDIMAPPEND_ASSIGN(OpenTarget open, openTarget(options, place, recovered));
    batch->m_writer = std::move(open.writer);
    batch->m_site = std::move(open.site);
    auto &storage = *batch->m_writer.storage;
    if (overwrites)
        MDIMAPPEND_RETURN_IF_ERROR(batch->prepareOverwrite());
    auto &cube = batch->m_cube;
    MDIMAPPEND_ASSIGN(
        cube.target,
        readTarget(storage, batch->m_site, appendDim,
                   storage.waitsForAnswers() && !mayChangeAttributes(options)));
    cube.committedRows = cube.target.size;
    trace("", "batch begun: the target ",
          cube.target.exists ? "is there" : "is not there", ", of ",
          cube.committedRows, " rows");
    return batch;
}

Result<AppendPlan> Batch::plan(const Slice &slice)
{
    return planAppend({m_options, m_site, *m_writer.storage, slice}, m_cube);
}

/// From here on the site is the folder of the new store, in which there is
/// nothing yet.
Status Batch::prepareOverwrite()
{
    if (!m_site.group.empty())
        return {Failure::Usage, "--overwrite replaces whole stores, and '" +
                                    m_site.group + "' is a group in '" +
                                    m_site.store() + "'. Nothing was written."};
    if (m_options.lock == LockMode::Lease)
        return {Failure::Usage,
                "--overwrite exchanges two folders, and a writer that has "
                "unknowingly lost its lease could exchange them back. It "
                "cannot be used with --lock lease. Nothing was written."};
    if (!m_site.exists)
        return Status::ok();
    MDIMAPPEND_ASSIGN(m_site.overwriting,
                      nextTransaction(*m_writer.storage, m_site));
    return Status::ok();
}

Status Batch::add(std::unique_ptr<Slice> slice, AppendPlan plan,
                  SliceReport &report,
                  const std::function<bool(double)> &progress)
{
    if (isWaiting(*slice))
        plan.rowsAlreadyThere = std::exchange(plan.rows, 0);
    describe(plan, report);
    if (plan.isEmpty())
    {
        report.outcome = SliceReport::Outcome::AlreadyThere;
        return Status::ok();
    }
    if (m_options.dryRun)
    {
        report.outcome = SliceReport::Outcome::WouldAppend;
        report.plan = toJson(plan);
        m_cube = std::move(plan.after);
        return Status::ok();
    }
    const auto fingerprint = slice->fingerprint();
    const auto chunksBefore =
        m_transaction ? m_transaction->view().chunksWritten() : 0;
    const auto bytesBefore =
        m_transaction ? m_transaction->view().bytesWritten() : 0;
    const auto alteredBefore = alteredValues(plan.slabs);
    MDIMAPPEND_RETURN_IF_ERROR(write(*slice, plan, progress));
    // Many may be waiting for the commit.
    slice->closeFiles();
    report.chunks = m_transaction->view().chunksWritten() - chunksBefore;
    report.bytes = m_transaction->view().bytesWritten() - bytesBefore;
    report.alteredValues = alteredValues(plan.slabs) - alteredBefore;
    report.outcome = SliceReport::Outcome::Appended;
    m_creates = m_creates || plan.create;
    m_createsStore =
        m_creates && (!m_site.exists || !m_site.overwriting.empty());
    auto logged = loggedSlice(*slice, fingerprint, plan);
    trace(m_transaction->name(), "slice '", report.slice,
          "' written: ", report.chunks, " chunks, ", report.bytes, " bytes");
    m_cube = std::move(plan.after);
    m_waiting.push_back({std::move(slice), fingerprint, std::move(logged)});
    return Status::ok();
}

/// Without labels nothing else tells that a slice is in this commit already.
bool Batch::isWaiting(const Slice &slice) const
{
    if (m_cube.target.labels())
        return false;
    const auto state = slice.fingerprint();
    return !state.empty() &&
           std::ranges::any_of(m_waiting,
                               [&](const Waiting &waiting)
                               {
                                   return waiting.fingerprint == state &&
                                          waiting.logged["path"] ==
                                              canonicalPath(slice.name());
                               });
}

Status Batch::write(const Slice &slice, AppendPlan &plan,
                    const std::function<bool(double)> &progress)
{
    auto pipeline = PipelineOptions::of(m_options.threads, plan.intent.arrays,
                                        *m_writer.storage);
    pipeline.progress = progress;
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
    pipeline.transaction = m_transaction->name();
    if (auto written =
            runPipeline(m_transaction->view(), &slice, plan.slabs, pipeline);
        !written)
        return giveUp(std::move(written));
    return Status::ok();
}

Status Batch::giveUp(Status why)
{
    trace(m_transaction->name(), "batch given up: ", why.message());
    if (auto undone = undoTransaction(); !undone)
        return std::move(why).suffixed("Undoing the append failed too (" +
                                       undone.message() +
                                       "); the next run tries again.");
    return std::move(why).suffixed("Nothing was appended.");
}

Status Batch::undoTransaction()
{
    m_undone = true;
    trace(m_transaction->name(), "batch undone, with ", m_waiting.size(),
          " slices that waited for its commit");
    return m_transaction->undo();
}

void Batch::undo()
{
    if (m_transaction && !m_undone)
        undoTransaction().ignore("the next run undoes it");
}

Result<Json> Batch::logRecord() const
{
    const Json &first = m_waiting.front().logged;
    std::uint64_t rows = 0;
    std::uint64_t replaced = 0;
    Json slices = Json::array();
    for (const auto &waiting : m_waiting)
    {
        rows += waiting.logged["rows"].get<std::uint64_t>();
        replaced += waiting.logged.value("replaced_rows", std::uint64_t{0});
        slices.push_back(waiting.logged);
    }
    LoggedAppend logged;
    logged.appendDim = m_waiting.front().slice->appendDim();
    logged.format = m_cube.target.format;
    logged.hasLabels = m_cube.target.labels() != nullptr;
    logged.creates = m_creates;
    logged.createsStore = m_createsStore;
    logged.firstRow = countMember(first, "first_row");
    logged.rows = rows;
    logged.replacedRows = replaced;
    logged.labelsOrdered = m_cube.labelsOrdered;
    logged.firstLabel = textMember(first, "first_label");
    logged.lastLabel = textMember(m_waiting.back().logged, "last_label");
    logged.slices = std::move(slices);
    logged.command = m_options.command;
    logged.message = m_options.message;
    return logRecordOf(logged, *m_writer.storage, m_site,
                       m_transaction->sequence());
}

Result<std::uint64_t> Batch::commit()
{
    if (m_waiting.empty())
        return std::uint64_t{0};
    auto record = logRecord();
    if (!record)
        return giveUp(record.takeStatus());
    MDIMAPPEND_RETURN_IF_ERROR(m_transaction->commit(
        std::move(*record),
        [&]() -> Status
        {
            for (const auto &waiting : m_waiting)
                MDIMAPPEND_RETURN_IF_ERROR(checkUnchanged(*waiting.slice));
            return Status::ok();
        }));
    trace(m_transaction->name(), "batch committed: ", m_waiting.size(),
          " slices, sequence number ", m_transaction->sequence());
    return m_transaction->sequence();
}

}  // namespace mdimappend
