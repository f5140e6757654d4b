// A batch on its way from the lock to the commit, one slice after the other.

#include "append/batch.h"

#include "append/log_record.h"
#include "append/logged_slices.h"
#include "append/may_write.h"
#include "append/packing_range.h"
#include "append/plan_report.h"
#include "append/plan_warnings.h"
#include "append/target_labels.h"
#include "chunks/pipeline.h"
#include "cube/target_attributes.h"
#include "secrets.h"
#include "storage/object_address.h"
#include "trace.h"

#include <algorithm>
#include <iterator>
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
    if (!plan.ignoredStatic.empty())
        logged["ignored_static"] = plan.ignoredStatic;
    if (plan.rows < slice.size() || plan.readAs.empty() || !slice.isOneFile())
        return logged;
    logged["read_as"] = plan.readAs;
    if (plan.labelsHash != 0)
        logged["labels"] = hashText(plan.labelsHash);
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

Result<std::unique_ptr<Batch>>
Batch::open(const AppendOptions &options, const WriterRequest &place,
            const std::string &appendDim, KeptTarget &kept,
            RecoveryReport &recovered, const Opening &opening)
{
    std::unique_ptr<Batch> batch(new Batch(options, kept));
    const bool overwrites = options.overwrite && opening.mayOverwrite;
    if (overwrites && isRemote(options.target))
        MDIMAPPEND_RETURN_IF_ERROR(refuseExchange(place));
    MDIMAPPEND_RETURN_IF_ERROR(
        batch->openTarget(place, recovered, opening.looksFirst && !overwrites));
    if (overwrites)
        MDIMAPPEND_RETURN_IF_ERROR(batch->prepareOverwrite());
    auto read = batch->readCube(appendDim);
    if (!read && batch->onlyLooks())
    {
        // Without the lock, what somebody is writing may be found half written.
        MDIMAPPEND_RETURN_IF_ERROR(batch->openTarget(place, recovered, false));
        read = batch->readCube(appendDim);
    }
    MDIMAPPEND_RETURN_IF_ERROR(std::move(read));
    if (options.dryRun && !isRemote(options.target))
        MDIMAPPEND_RETURN_IF_ERROR(checkMayWrite(*batch->m_open.writer.posix,
                                                 batch->m_open.site,
                                                 batch->m_cube.target));
    trace("", "batch begun: the target ",
          batch->m_cube.target.exists ? "is there" : "is not there", ", of ",
          batch->m_cube.committedRows, " rows");
    return batch;
}

Status Batch::readCube(const std::string &appendDim)
{
    auto &storage = *m_open.writer.storage;
    if (mayKeepCube(m_options) && m_open.site.exists)
    {
        MDIMAPPEND_ASSIGN(auto kept, m_kept.cube.watch(storage, m_open.site));
        if (kept)
        {
            m_cube = std::move(*kept);
            return Status::ok();
        }
    }
    MDIMAPPEND_ASSIGN(m_cube.target,
                      readTarget(storage, m_open.site, appendDim,
                                 storage.waitsForAnswers() &&
                                     !mayChangeAttributes(m_options)));
    m_cube.committedRows = m_cube.target.size;
    return Status::ok();
}

/// Of a target that this batch has made, or rows that it has replaced, more may
/// have changed than it knows.
void Batch::keepCube()
{
    if (mayKeepCube(m_options) && !m_creates && !m_replaces)
        m_kept.cube.keep(m_open.site, std::move(m_cube),
                         m_transaction ? m_transaction->replaced()
                                       : ObjectVersions());
}

Result<AppendPlan> Batch::plan(const Slice &slice)
{
    m_confirmed = false;
    MDIMAPPEND_ASSIGN(auto plan,
                      planAppend({m_options, m_open.site,
                                  *m_open.writer.storage, slice, m_kept.log},
                                 m_cube));
    MDIMAPPEND_ASSIGN(auto more, warningsOfPacking(slice, plan));
    std::ranges::move(more, std::back_inserter(plan.warnings));
    return plan;
}

Result<Creation> Batch::creation()
{
    if (!m_creation)
    {
        MDIMAPPEND_ASSIGN(m_creation, m_kept.log.creation(
                                          *m_open.writer.storage, m_open.site));
    }
    return *m_creation;
}

Status Batch::checkLog(KnownSlices &known)
{
    m_confirmed = false;
    MDIMAPPEND_ASSIGN(const Creation log, creation());
    return known.checkLog(*m_open.writer.storage, m_open.site, log);
}

Status Batch::readMore(KnownSlices &known)
{
    m_confirmed = false;
    auto &storage = *m_open.writer.storage;
    MDIMAPPEND_ASSIGN(const Creation log, creation());
    return known.readMore(storage, m_open.site, log,
                          !m_options.dryRun && !storage.waitsForAnswers());
}

Result<bool> Batch::holds(const IndexedSlice &slice, SliceReport &report)
{
    MDIMAPPEND_ASSIGN(const Creation log, creation());
    const bool hasLabels = m_cube.target.labels() != nullptr;
    const auto size = m_cube.committedRows;
    // What the log knows of is in a store that goes, or in another one.
    if (!m_open.site.overwriting.empty() ||
        slice.sequence < std::max(log.target, log.store) ||
        (hasLabels && log.target == 0) || slice.rows == 0 ||
        slice.firstRow > size || slice.rows > size - slice.firstRow ||
        hasLabels != (slice.labels != 0))
        return false;
    if (hasLabels)
    {
        MDIMAPPEND_ASSIGN(const bool holds, holdsLabels(slice, report));
        if (!holds)
            return false;
    }
    report.outcome = SliceReport::Outcome::AlreadyThere;
    report.firstRow = m_cube.target.size;
    report.rowsAlreadyThere = slice.rows;
    return true;
}

Result<bool> Batch::holdsLabels(const IndexedSlice &slice, SliceReport &report)
{
    if (!m_cube.labelsKnown || m_cube.labelsFrom > 0)
    {
        m_confirmed = false;
        auto &storage = *m_open.writer.storage;
        TargetValues values(m_open.site, storage, m_cube.target);
        MDIMAPPEND_RETURN_IF_ERROR(
            readLastLabels(m_kept.log, storage, m_open.site, values, m_cube));
        MDIMAPPEND_RETURN_IF_ERROR(readAllLabels(values, m_cube));
    }
    const auto first = static_cast<std::size_t>(slice.firstRow);
    const auto rows = static_cast<std::size_t>(slice.rows);
    const Labels labels = m_cube.labels.part(first, first + rows);
    if (hashOfLabels(labels) != slice.labels)
        return false;
    report.firstLabel = labels.describe(0);
    report.lastLabel = labels.describe(rows - 1);
    return true;
}

/// From here on the site is the folder of the new store, in which there is
/// nothing yet.
Status Batch::prepareOverwrite()
{
    if (!m_open.site.group.empty())
        return {Failure::Usage, "--overwrite replaces whole stores, and '" +
                                    m_open.site.group + "' is a group in '" +
                                    m_open.site.store() +
                                    "'. Nothing was written."};
    if (m_options.lock == LockMode::Lease)
        return {Failure::Usage,
                "--overwrite exchanges two folders, and a writer that has "
                "unknowingly lost its lease could exchange them back. It "
                "cannot be used with --lock lease. Nothing was written."};
    if (!m_open.site.exists)
        return Status::ok();
    MDIMAPPEND_ASSIGN(m_open.site.overwriting,
                      nextTransaction(*m_open.writer.storage, m_open.site));
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
    // What was compared is not what is written.
    const auto alteredBefore = alteredValues(plan.slabs);
    for (const auto &slab : plan.slabs)
        slab.conversion.forgetRounding();
    // Many may be waiting for the commit. The last one is left open until then:
    // closing it would wait for the next, which is being opened (libhdf5 has
    // one lock for all).
    if (!m_waiting.empty())
        m_waiting.back().slice->closeFiles();
    MDIMAPPEND_RETURN_IF_ERROR(write(*slice, plan, progress));
    report.chunks = m_transaction->view().chunksWritten() - chunksBefore;
    report.bytes = m_transaction->view().bytesWritten() - bytesBefore;
    report.alteredValues = alteredValues(plan.slabs) - alteredBefore;
    report.roundings = roundingsOf(plan.slabs);
    report.outcome = SliceReport::Outcome::Appended;
    m_creates = m_creates || plan.create;
    m_replaces = m_replaces || plan.replacedRows > 0;
    m_createsStore =
        m_creates && (!m_open.site.exists || !m_open.site.overwriting.empty());
    auto logged = loggedSlice(*slice, fingerprint, plan);
    for (const auto &warning : warningsOf(plan, report.slice))
    {
        auto text = textWithoutSecrets(warning);
        if (std::ranges::find(m_warnings, text) == m_warnings.end())
            m_warnings.push_back(std::move(text));
    }
    trace(m_transaction->name(), "slice '", report.slice,
          "' written: ", report.chunks, " chunks, ", report.bytes, " bytes");
    m_cube = std::move(plan.after);
    m_waitingFiles.emplace(textMember(logged, "path"), fingerprint);
    m_waiting.push_back({std::move(slice), std::move(logged)});
    return Status::ok();
}

/// Without labels nothing else tells that a slice is in this commit already.
bool Batch::isWaiting(const Slice &slice) const
{
    if (m_cube.target.labels())
        return false;
    const auto state = slice.fingerprint();
    return !state.empty() &&
           m_waitingFiles.contains({canonicalPath(slice.name()), state});
}

Status Batch::write(const Slice &slice, AppendPlan &plan,
                    const std::function<bool(double)> &progress)
{
    auto pipeline = PipelineOptions::of(m_options.threads, plan.intent.arrays,
                                        *m_open.writer.storage, &slice);
    pipeline.progress = progress;
    if (!m_transaction)
    {
        auto begun = Transaction::begin(
            m_open.site, *m_open.writer.storage, *m_open.writer.lock,
            m_options.durability, std::move(plan.intent));
        if (!begun)
            return nothingAppended(begun.takeStatus());
        m_transaction = std::move(*begun);
        m_transaction->view().known().note(std::exchange(m_kept.chunks, {}));
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
        return Transaction::undoneLater(why, undone);
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
    logged.warnings = m_warnings;
    logged.command = m_options.command;
    logged.message = m_options.message;
    return logRecordOf(logged, *m_open.writer.storage, m_open.site,
                       m_transaction->sequence());
}

Result<std::uint64_t> Batch::commit()
{
    if (m_waiting.empty())
    {
        keepCube();
        return std::uint64_t{0};
    }
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
    m_open.writer.mayBeLone = false;
    m_kept.chunks = m_transaction->replacedChunks();
    keepCube();
    return m_transaction->sequence();
}

}  // namespace mdimappend
