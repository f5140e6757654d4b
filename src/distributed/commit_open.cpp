// Puts the parts together, checks what they have brought, and commits it as any
// append is.

#include "distributed/commit_open.h"

#include "append/duplicates.h"
#include "append/log_record.h"
#include "chunks/pipeline.h"
#include "cube/label_match.h"
#include "distributed/collected_parts.h"
#include "distributed/ended_transaction.h"
#include "distributed/label_slice.h"
#include "guards/array_labels.h"
#include "guards/step_guard.h"
#include "storage/versioned_storage.h"
#include "transaction/protocol.h"

namespace mdimappend
{

namespace
{

class Committing
{
  public:
    Committing(const Token &token, OpenPart &open, const AppendOptions &options,
               std::shared_ptr<Storage> &attending)
        : m_token(token), m_open(open), m_options(options),
          m_session(*open.session), m_attending(attending),
          m_parts(*open.session)
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
        if (!m_session.syncedByCommit.empty() && !m_attending)
            return error("it can only be committed by the process that has "
                         "begun it, as long as that can make its parts "
                         "durable. Begin again.");
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
        m_report.ignoredStatic = m_parts.ignoredStatic();
        m_report.roundings = m_parts.roundings();
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
                matchLabels(KnownLabels(), labels, step.descending()).status());
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
        cube.documents = m_session.documentsBefore;
        TargetValues values(site(), storage(), cube.target);
        LoggedSlices log;
        MDIMAPPEND_RETURN_IF_ERROR(
            decideRows({m_session.options, site(), storage(), slice, log}, cube,
                       values, {})
                .status());
        Labels all = cube.labels.last(2);
        all.values.insert(all.values.end(), labels.values.begin(),
                          labels.values.end());
        m_labelsOrdered = cube.labelsOrdered && isOrdered(all);
        return Status::ok();
    }

    Status write()
    {
        if (!m_session.syncedByCommit.empty())
            MDIMAPPEND_RETURN_IF_ERROR(syncParts());
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

    /// They are written: what they have left to the commit is durable before
    /// the decision. A failure is told only once, so there is no second try.
    Status syncParts()
    {
        auto synced = m_attending->barrier();
        if (!synced)
            m_attending.reset();
        return std::move(synced).suffixed(
            "What the parts have written may be lost. Nothing was appended: "
            "begin again.");
    }

    Result<Json> logRecord(const Transaction &transaction) const
    {
        LoggedMember logged;
        logged.group = site().group;
        MDIMAPPEND_ASSIGN(logged.log, creationOf(storage(), site(),
                                                 m_session.documentsBefore));
        logged.appendDim = m_session.target.appendDim;
        logged.format = m_session.target.format;
        logged.hasLabels = m_session.target.labels() != nullptr;
        logged.creates = m_session.creates;
        logged.firstRow = m_report.firstRow;
        (m_session.isRegion ? logged.replacedRows : logged.rows) =
            m_report.rows;
        logged.labelsOrdered = m_labelsOrdered;
        logged.firstLabel = m_report.firstLabel;
        logged.lastLabel = m_report.lastLabel;
        logged.size = m_session.target.size;
        logged.before = m_session.documentsBefore;
        logged.after = m_session.documentsAfter;
        logged.attributesBefore = m_session.attributesBefore;
        logged.attributesAfter = m_session.attributesAfter;
        Json record =
            logRecordOf({{std::move(logged)},
                         m_session.createsStore,
                         m_parts.warnings(),
                         m_options.command,
                         m_options.message.empty() ? m_session.options.message
                                                   : m_options.message},
                        transaction.sequence());
        record["parts"] = m_report.parts;
        // Not `slices`: whoever meets such a slice again must not take it for
        // one that is there as a whole.
        for (const auto &[name, parts] : m_parts.slices())
            record["part_slices"].push_back({{"name", name}, {"parts", parts}});
        if (!m_report.ignoredStatic.empty())
            record["ignored_static"] = m_report.ignoredStatic;
        return record;
    }

    const Token &m_token;
    OpenPart &m_open;
    const AppendOptions &m_options;
    const Session &m_session;
    std::shared_ptr<Storage> &m_attending;
    CollectedParts m_parts;
    bool m_labelsOrdered = false;
    CommitReport m_report;
};

}  // namespace

Result<CommitReport> commitOpen(const Token &token, OpenPart &open,
                                const std::vector<Receipt> &receipts,
                                const AppendOptions &options,
                                std::shared_ptr<Storage> &attending)
{
    return Committing(token, open, options, attending).commit(receipts);
}

}  // namespace mdimappend
