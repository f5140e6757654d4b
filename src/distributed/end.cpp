// Commits or gives up a transaction of parts, also where somebody has begun to
// before and was killed.

#include "distributed/end.h"

#include "append/duplicates.h"
#include "append/log_record.h"
#include "chunks/pipeline.h"
#include "cube/label_match.h"
#include "distributed/collected_parts.h"
#include "distributed/ended_transaction.h"
#include "distributed/label_slice.h"
#include "distributed/open_part.h"
#include "guards/array_labels.h"
#include "guards/step_guard.h"
#include "journal/record_paths.h"
#include "storage/versioned_storage.h"
#include "transaction/protocol.h"
#include "transaction/recovery.h"

namespace mdimappend
{

namespace
{

CommitReport reportOf(const Json &record)
{
    CommitReport report;
    report.finished = true;
    report.isRegion = countMember(record, "replaced_rows") > 0;
    report.sequence = countMember(record, "sequence");
    report.created = countMember(record, "created_by") == report.sequence;
    report.appendDim = textMember(record, "append_dim");
    report.firstRow = countMember(record, "first_row");
    report.rows =
        countMember(record, report.isRegion ? "replaced_rows" : "rows");
    report.firstLabel = textMember(record, "first_label");
    report.lastLabel = textMember(record, "last_label");
    report.parts = countMember(record, "parts");
    report.chunks = countMember(record, "chunks");
    report.bytes = countMember(record, "bytes");
    return report;
}

Result<bool> isDecided(Storage &storage, const Site &site,
                       const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto decision,
                      storage.state(decisionPath(site, transaction)));
    return decision.has_value();
}

/// Whether somebody has ended it, and may have been killed while they did.
Result<bool> hasEnded(OpenPart &open, const std::string &transaction)
{
    auto &storage = *open.writer.storage;
    const auto &site = open.writer.site;
    MDIMAPPEND_ASSIGN(const bool decided,
                      isDecided(storage, site, transaction));
    if (decided)
        return true;
    MDIMAPPEND_ASSIGN(const auto session,
                      storage.state(sessionPath(site, transaction)));
    if (!session)
        return true;
    MDIMAPPEND_ASSIGN(const Json record,
                      committedRecord(storage, site, transaction));
    return record.is_object();
}

/// Does what they have left to do, and ends the lease. Returns the log record,
/// or null if the transaction was given up.
Result<Json> finishEnd(OpenPart &open, const std::string &transaction)
{
    auto &lock = *open.writer.lock;
    // What cannot be done here is for the next writer.
    freeLeaseAtEnd(lock);
    MDIMAPPEND_RETURN_IF_ERROR(
        recover(*open.writer.storage, open.writer.site, lock, true).status());
    if (auto *settlements = lock.settlements())
        settlements->settled(std::nullopt);
    return committedRecord(*open.writer.storage, open.writer.site, transaction);
}

/// Where the lease is over: the log record of what is done, or decided, or
/// null.
Result<Json> finishLate(const Token &token, const AppendOptions &options)
{
    MDIMAPPEND_ASSIGN(const Writer there, openToLook(token, options));
    auto &storage = *there.storage;
    MDIMAPPEND_ASSIGN(Json record,
                      committedRecord(storage, there.site, token.transaction));
    if (record.is_object() || options.dryRun)
        return record;
    MDIMAPPEND_ASSIGN(const bool decided,
                      isToBeFinished(storage, there.site, token.transaction));
    if (!decided)
        return record;
    MDIMAPPEND_ASSIGN(OpenPart open, openToFinish(token, options));
    return finishEnd(open, token.transaction);
}

class Committing
{
  public:
    Committing(const Token &token, OpenPart &open, const AppendOptions &options)
        : m_token(token), m_open(open), m_options(options),
          m_session(open.session), m_parts(open.session)
    {
    }

    Result<CommitReport> commit(const std::vector<Receipt> &receipts)
    {
        describe();
        auto checked = check(receipts);
        if (!checked)
            return leave(std::move(checked).suffixed(
                "Nothing was committed; the transaction stays open."));
        if (m_options.dryRun)
            return leave(Status::ok());
        if (auto written = write(); !written)
            return fail(std::move(written));
        freeLeaseAtEnd(*m_open.writer.lock);
        return m_report;
    }

  private:
    Storage &storage() const
    {
        return *m_open.writer.storage;
    }

    const Site &site() const
    {
        return m_open.writer.site;
    }

    /// The transaction stays open for another attempt, unless it is decided:
    /// then the next writer may finish it.
    Result<CommitReport> leave(Status why)
    {
        MDIMAPPEND_ASSIGN(const bool decided,
                          isDecided(storage(), site(), m_token.transaction));
        if (decided)
            freeLeaseAtEnd(*m_open.writer.lock);
        if (!why)
            return why;
        return m_report;
    }

    /// Unless another commit of the same parts has come to its end meanwhile.
    Result<CommitReport> fail(Status why)
    {
        if (auto *versions = storage().versions())
            versions->forget();
        const auto record =
            committedRecord(storage(), site(), m_token.transaction);
        if (record && record->is_object())
        {
            freeLeaseAtEnd(*m_open.writer.lock);
            return reportOf(*record);
        }
        return leave(std::move(why));
    }

    void describe()
    {
        m_report.dryRun = m_options.dryRun;
        m_report.isRegion = m_session.isRegion;
        m_report.created = m_session.creates;
        m_report.appendDim = m_session.target.appendDim;
        m_report.firstRow = m_session.firstRow;
        m_report.rows = m_session.rows;
        m_report.firstLabel = m_session.firstLabel;
        m_report.lastLabel = m_session.lastLabel;
    }

    Status check(const std::vector<Receipt> &receipts)
    {
        MDIMAPPEND_RETURN_IF_ERROR(collect(receipts));
        MDIMAPPEND_RETURN_IF_ERROR(m_parts.checkComplete());
        return checkLabels();
    }

    Status collect(const std::vector<Receipt> &receipts)
    {
        MDIMAPPEND_RETURN_IF_ERROR(m_parts.add(m_session.begun));
        for (const auto &receipt : receipts)
        {
            if (receipt.transaction != m_token.transaction)
                return {Failure::Usage,
                        "the receipt of part '" + receipt.part +
                            "' is of the transaction " + receipt.transaction +
                            ", the token of " + m_token.transaction};
            const auto path =
                writtenPath(site(), m_token.transaction, receipt.part);
            MDIMAPPEND_ASSIGN(const auto text, storage().read(path));
            if (contentOf(text) != receipt.written)
                return refused(
                    "'" + path + "' is " +
                    (text ? "not what its receipt says" : "missing") +
                    ": part '" + receipt.part + "' has to be written again.");
            MDIMAPPEND_ASSIGN(const auto written, parseWrittenPart(*text));
            MDIMAPPEND_RETURN_IF_ERROR(m_parts.add(written));
        }
        m_report.parts = receipts.size();
        m_report.alteredValues = m_parts.alteredValues();
        return Status::ok();
    }

    /// Of those that parts have brought: begin has not seen them.
    Status checkLabels()
    {
        const auto brought = m_parts.labels();
        m_labelsOrdered = m_session.labelsOrdered;
        if (!brought)
            return Status::ok();
        const LabelSlice slice("the parts", *m_session.target.labels(),
                               *brought);
        MDIMAPPEND_ASSIGN(const Labels labels, sliceLabels(slice));
        m_report.firstLabel = labels.describe(0);
        m_report.lastLabel = labels.describe(labels.values.size() - 1);
        if (m_session.creates)
        {
            const auto &step = m_session.options.step;
            MDIMAPPEND_RETURN_IF_ERROR(
                matchLabels(Labels{}, labels, step.descending()).status());
            m_labelsOrdered = isOrdered(labels);
            return checkStep(step, Labels{}, labels, 0);
        }
        return checkNewLabels(slice, labels);
    }

    Status checkNewLabels(const LabelSlice &slice, const Labels &labels)
    {
        CubeState cube;
        MDIMAPPEND_ASSIGN(cube.target, readTarget(storage(), site(),
                                                  m_session.target.appendDim));
        cube.committedRows = cube.target.size;
        TargetValues values(site(), storage(), cube.target);
        MDIMAPPEND_RETURN_IF_ERROR(
            decideRows({m_session.options, site(), storage(), slice}, cube,
                       values, {})
                .status());
        Labels all = cube.labels;
        all.values.insert(all.values.end(), labels.values.begin(),
                          labels.values.end());
        m_labelsOrdered = cube.labelsOrdered && isOrdered(all);
        return Status::ok();
    }

    Status write()
    {
        MDIMAPPEND_ASSIGN(
            const auto transaction,
            Transaction::begin(site(), storage(), *m_open.writer.lock,
                               m_session.options.durability,
                               intentOf(m_session), m_token.transaction));
        auto &view = transaction->view();
        MDIMAPPEND_RETURN_IF_ERROR(m_parts.giveTo(view));
        PipelineOptions pipeline;
        pipeline.eachChunkWaits = storage().waitsForAnswers();
        pipeline.transaction = m_token.transaction;
        MDIMAPPEND_RETURN_IF_ERROR(
            runPipeline(view, nullptr, m_parts.carriedSlabs(), pipeline));
        m_report.chunks = view.chunksWritten();
        m_report.bytes = view.bytesWritten();
        m_report.sequence = transaction->sequence();
        MDIMAPPEND_ASSIGN(auto record, logRecord(*transaction));
        MDIMAPPEND_RETURN_IF_ERROR(transaction->commit(std::move(record), {}));
        // There the commit removes what it knows of, and looks for nothing.
        // What is left is in nobody's way.
        if (storage().waitsForAnswers())
            tidy(storage(), site(), m_token.transaction)
                .ignore("the next writer removes what is left");
        return Status::ok();
    }

    Result<Json> logRecord(const Transaction &transaction) const
    {
        LoggedAppend logged;
        logged.appendDim = m_session.target.appendDim;
        logged.format = m_session.target.format;
        logged.hasLabels = m_session.target.labels() != nullptr;
        logged.creates = m_session.creates;
        logged.createsStore = m_session.createsStore;
        logged.firstRow = m_report.firstRow;
        (m_session.isRegion ? logged.replacedRows : logged.rows) =
            m_report.rows;
        logged.labelsOrdered = m_labelsOrdered;
        logged.firstLabel = m_report.firstLabel;
        logged.lastLabel = m_report.lastLabel;
        logged.command = m_options.command;
        logged.message = m_options.message.empty() ? m_session.options.message
                                                   : m_options.message;
        MDIMAPPEND_ASSIGN(Json record, logRecordOf(logged, storage(), site(),
                                                   transaction.sequence()));
        record["parts"] = m_report.parts;
        return record;
    }

    const Token &m_token;
    OpenPart &m_open;
    const AppendOptions &m_options;
    const Session &m_session;
    CollectedParts m_parts;
    bool m_labelsOrdered = false;
    CommitReport m_report;
};

}  // namespace

Result<CommitReport> commitParts(const Token &token,
                                 const std::vector<Receipt> &receipts,
                                 const AppendOptions &options)
{
    auto opened = openToEnd(token, options);
    if (!opened)
    {
        MDIMAPPEND_ASSIGN(const Json record, finishLate(token, options));
        if (record.is_object())
            return reportOf(record);
        return opened.takeStatus();
    }
    MDIMAPPEND_ASSIGN(const bool ended, hasEnded(*opened, token.transaction));
    if (ended && options.dryRun)
        return error("the transaction has ended already. Without --dry-run, "
                     "`commit` says how, and finishes what is left to do.");
    if (ended)
    {
        MDIMAPPEND_ASSIGN(const Json record,
                          finishEnd(*opened, token.transaction));
        if (!record.is_object())
            return error(
                "the transaction has already been given up. Begin again.");
        return reportOf(record);
    }
    MDIMAPPEND_RETURN_IF_ERROR(readSession(*opened, token, options));
    return Committing(token, *opened, options).commit(receipts);
}

Status abortParts(const Token &token, const AppendOptions &options)
{
    const auto committed = error(
        "the transaction has been committed: it can no longer be aborted.");
    MDIMAPPEND_ASSIGN(OpenPart open, openToEnd(token, options));
    auto &storage = *open.writer.storage;
    const auto &site = open.writer.site;
    MDIMAPPEND_ASSIGN(const bool ended, hasEnded(open, token.transaction));
    if (!ended)
        MDIMAPPEND_RETURN_IF_ERROR(
            decide(storage, site, token.transaction, Decision{false, {}})
                .status());
    MDIMAPPEND_ASSIGN(const Json record, finishEnd(open, token.transaction));
    return record.is_object() ? committed : Status::ok();
}

Status renewLease(const Token &token, const AppendOptions &options)
{
    MDIMAPPEND_ASSIGN(OpenPart open, openToEnd(token, options));
    MDIMAPPEND_RETURN_IF_ERROR(readSession(open, token, options));
    return leaveLease(*open.writer.lock).status();
}

Json toJson(const CommitReport &report)
{
    return {{"outcome", report.dryRun     ? "complete"
                        : report.isRegion ? "written"
                                          : "appended"},
            {"region", report.isRegion},
            {"created", report.created},
            {"finished", report.finished},
            {"append_dim", report.appendDim},
            {"first_row", report.firstRow},
            {"rows", report.rows},
            {"first_label", report.firstLabel},
            {"last_label", report.lastLabel},
            {"parts", report.parts},
            {"chunks", report.chunks},
            {"bytes", report.bytes},
            {"altered_values", report.alteredValues},
            {"sequence", report.sequence}};
}

std::string toText(const CommitReport &report)
{
    std::string text = report.dryRun     ? "complete: "
                       : report.isRegion ? "wrote "
                                         : "appended ";
    text += std::to_string(report.rows) +
            (report.rows == 1 ? " step" : " steps") + " of " + report.appendDim;
    if (!report.firstLabel.empty())
        text +=
            ", " + report.firstLabel +
            (report.lastLabel == report.firstLabel ? std::string()
                                                   : " to " + report.lastLabel);
    if (report.created)
        text += ", to a new target";
    if (report.finished)
        return text + " (it had been decided before)\n";
    return text + " (" + std::to_string(report.parts) +
           (report.parts == 1 ? " part, " : " parts, ") +
           std::to_string(report.chunks) + " chunks)\n";
}

}  // namespace mdimappend
