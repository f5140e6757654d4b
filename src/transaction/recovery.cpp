#include "transaction/recovery.h"

#include "journal/log.h"
#include "journal/records.h"
#include "storage/checksum.h"
#include "storage/folder_storage.h"
#include "storage/versioned_storage.h"
#include "transaction/overwrite.h"
#include "transaction/protocol.h"

#include <set>

namespace mdimappend
{

namespace
{

/// Some hundred bytes for each chunk that a commit replaces.
constexpr std::uint64_t largestRecord = 1ULL << 30;

struct Journal
{
    bool hasSession = false;
    std::optional<std::string> plan;
    std::optional<std::string> manifest;
    std::optional<std::string> decision;
};

Result<Journal> readJournal(Storage &storage, const Site &site,
                            const std::string &transaction)
{
    Journal journal;
    MDIMAPPEND_ASSIGN(
        journal.decision,
        storage.read(decisionPath(site, transaction), largestRecord));
    MDIMAPPEND_ASSIGN(journal.plan,
                      storage.read(planPath(site, transaction), largestRecord));
    MDIMAPPEND_ASSIGN(
        journal.manifest,
        storage.read(manifestPath(site, transaction), largestRecord));
    MDIMAPPEND_ASSIGN(const auto session,
                      storage.state(sessionPath(site, transaction)));
    journal.hasSession = session.has_value();
    return journal;
}

/// A power cut has torn the plan, and nothing else was written. One that is
/// whole, and cannot be followed, may have been.
bool neverBecameDurable(const Result<Plan> &plan, const Journal &journal)
{
    return !plan && plan.status().kind() == Failure::Error &&
           !journal.manifest && !journal.decision;
}

Status damaged(const Site &site, const std::string &transaction,
               const std::string &why)
{
    return {Failure::Conflict,
            "the journal '" + site.journal(transaction) +
                "' cannot be followed: " + why +
                ". Nothing was changed, and nothing will be. Look at it; then "
                "`gdal driver mdimappend recover --set-aside` lets appending "
                "go on with the store as it is"};
}

class Recovery
{
  public:
    Recovery(Storage &storage, const Site &site, Lock &lock)
        : m_storage(storage), m_site(site), m_lock(lock)
    {
    }

    Status run(const std::string &transaction)
    {
        return !m_storage.folders() ? runInObjectStore(transaction)
                                    : runInFolder(transaction);
    }

    RecoveryReport report;

  private:
    /// There is no plan: who took the lock was named in it before, and nothing
    /// that was added has to be removed. What is decided stays for whoever
    /// comes late.
    Status runInObjectStore(const std::string &transaction)
    {
        const auto path = decisionPath(m_site, transaction);
        MDIMAPPEND_ASSIGN(const auto text, m_storage.read(path, largestRecord));
        MDIMAPPEND_RETURN_IF_ERROR(m_lock.stillOurs());
        // What has been read may be older than what its writer has just done.
        m_storage.versions()->forget();
        auto decision =
            text ? parseDecision(*text)
                 : decide(m_storage, m_site, transaction, Decision{false, {}});
        if (!decision)
            return text ? damaged(m_site, transaction,
                                  decision.status().message())
                        : decision.takeStatus();
        if (decision->commit)
            return finishInObjectStore(transaction, *decision);
        MDIMAPPEND_ASSIGN(const bool logged, endsTheLog(transaction));
        MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction, true));
        if (!text)
            (logged ? report.tidied : report.undone).push_back(transaction);
        return Status::ok();
    }

    Status finishInObjectStore(const std::string &transaction,
                               const Decision &decision)
    {
        auto manifest = parseManifest(decision.record);
        if (!manifest)
            return damaged(m_site, transaction, manifest.status().message());
        if (contentOf(decision.record) != decision.manifest)
            return damaged(m_site, transaction,
                           "the manifest is not the one that was decided on");
        MDIMAPPEND_ASSIGN(const bool logged,
                          isLogged(m_storage, m_site, *manifest));
        if (!logged)
        {
            MDIMAPPEND_RETURN_IF_ERROR(checkFollows(transaction, *manifest));
            MDIMAPPEND_RETURN_IF_ERROR(redoUnlessLogged(*manifest));
        }
        MDIMAPPEND_RETURN_IF_ERROR(tidyCommitted(m_storage, m_site, *manifest));
        (logged ? report.tidied : report.redone).push_back(transaction);
        return Status::ok();
    }

    /// Whoever has committed removes the decision; then `abort` comes too late,
    /// and says nothing.
    Result<bool> endsTheLog(const std::string &transaction)
    {
        MDIMAPPEND_ASSIGN(const auto last, lastSequence(m_storage, m_site));
        return isLogged(m_storage, m_site, transaction, last);
    }

    /// Its own writer may come back and finish it meanwhile.
    Status redoUnlessLogged(const Manifest &manifest)
    {
        auto redone = redo(m_storage, m_site, manifest);
        if (redone)
            return redone;
        m_storage.versions()->forget();
        const auto logged = isLogged(m_storage, m_site, manifest);
        return logged && *logged ? Status::ok() : redone;
    }

    Status checkFollows(const std::string &transaction,
                        const Manifest &manifest)
    {
        MDIMAPPEND_ASSIGN(const auto last, lastSequence(m_storage, m_site));
        if (manifest.transaction == transaction &&
            manifest.sequence == last + 1)
            return Status::ok();
        return damaged(
            m_site, transaction,
            "its sequence number is " + std::to_string(manifest.sequence) +
                ", and the last one logged is " + std::to_string(last));
    }

    Status runInFolder(const std::string &transaction)
    {
        MDIMAPPEND_ASSIGN(const Journal journal,
                          readJournal(m_storage, m_site, transaction));
        // Whoever has taken over did so before this journal was begun, if it is
        // theirs.
        MDIMAPPEND_RETURN_IF_ERROR(m_lock.stillOurs());
        // The plan is durable before anything else is written, and goes
        // only when all is done.
        if (!journal.plan && journal.hasSession && !journal.decision)
            return giveUp(transaction);
        if (!journal.plan)
            return justTidy(transaction);
        auto plan = parsePlan(*journal.plan);
        if (neverBecameDurable(plan, journal))
            return justTidy(transaction);
        if (!plan)
            return damaged(m_site, transaction, plan.status().message());
        if (plan->transaction != transaction)
            return damaged(m_site, transaction, "the plan is another's");
        if (m_lock.lease() && !plan->leased)
            return error("the append was made with the kernel's lock, and a "
                         "writer that may lose its lease cannot undo or finish "
                         "it safely. Run `gdal driver mdimappend recover` "
                         "without --lock lease where that lock works. Nothing "
                         "was changed");
        MDIMAPPEND_ASSIGN(const bool logged,
                          isLogged(m_storage, m_site, *plan));
        if (logged)
        {
            m_storage.adopt(logRecordPath(m_site, plan->sequence));
            MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
            // A conflict over the old store comes before anything is changed.
            MDIMAPPEND_RETURN_IF_ERROR(
                removeOverwritten(m_storage, m_site, transaction));
            MDIMAPPEND_RETURN_IF_ERROR(
                tidyLogRecord(m_storage, m_site, plan->sequence));
            return justTidy(transaction);
        }

        Decision decision;
        if (journal.decision)
        {
            auto parsed = parseDecision(*journal.decision);
            if (!parsed)
                return damaged(m_site, transaction, parsed.status().message());
            decision = *parsed;
        }
        else
        {
            // No decision may outlive a plan that never became durable.
            m_storage.adopt(planPath(m_site, transaction));
            MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
            MDIMAPPEND_ASSIGN(decision, decide(m_storage, m_site, transaction,
                                               Decision{false, {}}));
        }
        return decision.commit ? finish(transaction, journal, decision)
                               : undoPlanned(transaction, *plan);
    }

    /// Nobody has come to commit its parts.
    Status giveUp(const std::string &transaction)
    {
        MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction));
        report.undone.push_back(transaction);
        return Status::ok();
    }

    Status justTidy(const std::string &transaction)
    {
        MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction));
        report.tidied.push_back(transaction);
        return Status::ok();
    }

    Status undoPlanned(const std::string &transaction, const Plan &plan)
    {
        MDIMAPPEND_RETURN_IF_ERROR(undo(m_storage, m_site, plan));
        MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction));
        report.undone.push_back(transaction);
        return Status::ok();
    }

    Status finish(const std::string &transaction, const Journal &journal,
                  const Decision &decision)
    {
        if (!journal.manifest ||
            contentOf(journal.manifest) != decision.manifest)
            return damaged(m_site, transaction,
                           "the manifest is not the one that was decided on");
        auto manifest = parseManifest(*journal.manifest);
        if (!manifest)
            return damaged(m_site, transaction, manifest.status().message());
        MDIMAPPEND_RETURN_IF_ERROR(checkFollows(transaction, *manifest));
        m_storage.adopt(decisionPath(m_site, transaction));
        MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
        MDIMAPPEND_RETURN_IF_ERROR(redo(m_storage, m_site, *manifest));
        MDIMAPPEND_RETURN_IF_ERROR(
            tidyLogRecord(m_storage, m_site, manifest->sequence));
        MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction));
        report.redone.push_back(transaction);
        return Status::ok();
    }

    Storage &m_storage;
    const Site &m_site;
    Lock &m_lock;
};

Result<PendingTransaction::State> stateOf(Storage &storage, const Site &site,
                                          const Journal &journal)
{
    using State = PendingTransaction::State;
    if (!journal.plan)
        return journal.hasSession && !journal.decision ? State::Open
                                                       : State::Finished;
    const auto plan = parsePlan(*journal.plan);
    if (!plan)
        return neverBecameDurable(plan, journal) ? State::Finished
                                                 : State::Damaged;
    MDIMAPPEND_ASSIGN(const bool logged, isLogged(storage, site, *plan));
    if (logged)
        return State::Finished;
    if (!journal.decision)
        return State::Planned;
    const auto decision = parseDecision(*journal.decision);
    if (!decision)
        return State::Damaged;
    return decision->commit ? State::Decided : State::Aborted;
}

}  // namespace

Result<RecoveryReport> recover(Storage &storage, const Site &site, Lock &lock,
                               bool thorough)
{
    Recovery recovery(storage, site, lock);
    auto *settlements = lock.settlements();
    const auto unsettled =
        settlements ? settlements->unsettled() : std::nullopt;
    const bool knowsAll = unsettled && !thorough;
    std::set<std::string> transactions;
    if (unsettled)
        transactions.insert(unsettled->begin(), unsettled->end());
    if (!knowsAll)
    {
        MDIMAPPEND_ASSIGN(const auto names, storage.list(site.journals()));
        transactions.insert(names.begin(), names.end());
    }
    for (const auto &transaction : transactions)
    {
        if (auto done = recovery.run(transaction); !done)
            return std::move(done).prefixed("recovery of " + transaction);
    }
    if (settlements)
        settlements->settledOthers(transactions.empty());
    if (!transactions.empty())
        if (auto *versions = storage.versions())
            versions->forget();
    if (knowsAll)
        return std::move(recovery.report);
    // A stage or a store without a journal: its tidying was interrupted, or its
    // plan never became durable.
    for (const char *kind : {"/stage", "/overwrite"})
    {
        MDIMAPPEND_ASSIGN(const auto left, storage.list(site.sidecar() + kind));
        for (const auto &transaction : left)
        {
            MDIMAPPEND_RETURN_IF_ERROR(lock.stillOurs());
            MDIMAPPEND_RETURN_IF_ERROR(tidy(storage, site, transaction));
        }
    }
    return std::move(recovery.report);
}

namespace
{

Result<PendingTransaction::State>
stateInObjectStore(Storage &storage, const Site &site,
                   const std::string &transaction)
{
    using State = PendingTransaction::State;
    MDIMAPPEND_ASSIGN(
        const auto text,
        storage.read(decisionPath(site, transaction), largestRecord));
    if (!text)
    {
        MDIMAPPEND_ASSIGN(const auto session,
                          storage.state(sessionPath(site, transaction)));
        return session ? State::Open : State::Planned;
    }
    const auto decision = parseDecision(*text);
    if (decision && !decision->commit)
        return State::Finished;
    const auto manifest = decision ? parseManifest(decision->record)
                                   : Result<Manifest>(decision.status());
    if (!manifest)
        return State::Damaged;
    MDIMAPPEND_ASSIGN(const bool logged, isLogged(storage, site, *manifest));
    return logged ? State::Finished : State::Decided;
}

}  // namespace

Result<std::vector<PendingTransaction>>
pending(Storage &storage, const Site &site,
        const std::vector<std::string> &unsettled)
{
    std::vector<PendingTransaction> found;
    if (!storage.folders())
    {
        for (const auto &transaction : unsettled)
        {
            MDIMAPPEND_ASSIGN(const auto state,
                              stateInObjectStore(storage, site, transaction));
            found.push_back({transaction, state});
        }
        return found;
    }
    MDIMAPPEND_ASSIGN(const auto transactions, storage.list(site.journals()));
    for (const auto &transaction : transactions)
    {
        MDIMAPPEND_ASSIGN(const auto journal,
                          readJournal(storage, site, transaction));
        MDIMAPPEND_ASSIGN(const auto state, stateOf(storage, site, journal));
        found.push_back({transaction, state});
    }
    return found;
}

namespace
{

/// Copies what is in a journal or a stage, and removes it. A decision to commit
/// becomes one to abort, for whoever comes late; one to abort stays. False if
/// there was nothing.
Result<bool> moveObjects(Storage &storage, const std::string &from,
                         const std::string &to)
{
    bool any = false;
    MDIMAPPEND_ASSIGN(const auto names, storage.list(from));
    for (const auto &name : names)
    {
        const auto source = from + "/" + name;
        const auto abort = toText(Decision{false, {}});
        MDIMAPPEND_ASSIGN(const auto bytes, storage.read(source));
        if (!bytes || bytes == abort)
            continue;
        any = true;
        MDIMAPPEND_RETURN_IF_ERROR(storage.put(to + "/" + name, *bytes));
        MDIMAPPEND_RETURN_IF_ERROR(name == "decision"
                                       ? storage.put(source, abort)
                                       : storage.remove(source));
    }
    return any;
}

}  // namespace

Result<std::vector<std::string>> setAside(Storage &storage, const Site &site)
{
    std::vector<std::string> moved;
    for (const char *kind : {"journal", "stage", "overwrite"})
    {
        const auto from = site.sidecar() + "/" + kind;
        MDIMAPPEND_ASSIGN(const auto transactions, storage.list(from));
        for (const auto &transaction : transactions)
        {
            if (!storage.folders())
            {
                MDIMAPPEND_ASSIGN(
                    const bool any,
                    moveObjects(storage, from + "/" + transaction,
                                site.setAside(transaction) + "/" + kind));
                if (any && std::string_view(kind) == "journal")
                    moved.push_back(transaction);
                continue;
            }
            MDIMAPPEND_RETURN_IF_ERROR(storage.folders()->publish(
                from + "/" + transaction,
                site.setAside(transaction) + "/" + kind));
            if (std::string_view(kind) == "journal")
                moved.push_back(transaction);
        }
    }
    MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    return moved;
}

}  // namespace mdimappend
