// Settles the journals that lie in a sidecar: finishes what was decided, undoes
// what was not, and changes nothing where a journal cannot be followed.

#include "transaction/recovery_by_renames.h"

#include "journal/log.h"
#include "journal/record_paths.h"
#include "trace.h"
#include "transaction/overwrite.h"
#include "transaction/protocol.h"
#include "transaction/redo.h"
#include "transaction/undo.h"

namespace mdimappend
{

Result<RecoveryByRenames::Journal>
RecoveryByRenames::readJournal(const std::string &transaction)
{
    Journal journal;
    MDIMAPPEND_ASSIGN(
        journal.decision,
        m_storage.read(decisionPath(m_site, transaction), largestRecord));
    MDIMAPPEND_ASSIGN(
        journal.plan,
        m_storage.read(planPath(m_site, transaction), largestRecord));
    MDIMAPPEND_ASSIGN(
        journal.manifest,
        m_storage.read(manifestPath(m_site, transaction), largestRecord));
    MDIMAPPEND_ASSIGN(const auto session,
                      m_storage.state(sessionPath(m_site, transaction)));
    journal.hasSession = session.has_value();
    return journal;
}

/// P2: a power cut has torn the plan, and nothing else was written. One that is
/// whole, and cannot be followed, may have been.
bool RecoveryByRenames::neverBecameDurable(const Result<Plan> &plan,
                                           const Journal &journal)
{
    return !plan && plan.status().kind() == Failure::Error &&
           !journal.manifest && !journal.decision;
}

Status RecoveryByRenames::settle(const std::string &transaction, Lock &lock)
{
    MDIMAPPEND_ASSIGN(const Journal journal, readJournal(transaction));
    // Whoever has taken over did so before this journal was begun, if it is
    // theirs.
    MDIMAPPEND_RETURN_IF_ERROR(lock.stillOurs());
    trace(transaction, "recovery: a journal with", journal.plan ? " plan" : "",
          journal.manifest ? " manifest" : "",
          journal.decision ? " decision" : "",
          journal.hasSession ? " session" : "");
    // P2, P9: the plan is durable before anything else is written, and goes
    // only when all is done.
    if (!journal.plan && journal.hasSession && !journal.decision)
        return giveUp(transaction);
    if (!journal.plan)
        return justTidy(transaction);
    auto plan = parsePlan(*journal.plan);
    if (neverBecameDurable(plan, journal))
        return justTidy(transaction);
    if (!plan)
        return damaged(transaction, plan.status().message());
    if (plan->transaction != transaction)
        return damaged(transaction, "the plan is another transaction's");
    if (lock.lease() && !plan->leased)
        return error("the append was made with the kernel's lock, and a "
                     "writer that may lose its lease cannot undo or finish "
                     "it safely. Run `gdal driver mdimappend recover` "
                     "without --lock lease where that lock works. Nothing "
                     "was changed");
    return settlePlanned(transaction, journal, *plan);
}

Status RecoveryByRenames::settlePlanned(const std::string &transaction,
                                        const Journal &journal,
                                        const Plan &plan)
{
    MDIMAPPEND_ASSIGN(const bool logged, isLogged(m_storage, m_site, plan));
    if (logged)
        return tidyLogged(plan);
    MDIMAPPEND_ASSIGN(const Decision decision,
                      decisionOf(transaction, journal));
    return decision.commit ? finish(transaction, journal, decision)
                           : undoPlanned(plan);
}

Result<Decision> RecoveryByRenames::decisionOf(const std::string &transaction,
                                               const Journal &journal)
{
    if (journal.decision)
    {
        auto parsed = parseDecision(*journal.decision);
        if (!parsed)
            return damaged(transaction, parsed.status().message());
        return parsed;
    }
    // P11: no decision may outlive a plan that never became durable.
    m_storage.adopt(planPath(m_site, transaction));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
    return decide(m_storage, m_site, transaction, Decision{false, {}});
}

/// Nobody has come to commit its parts.
Status RecoveryByRenames::giveUp(const std::string &transaction)
{
    trace(transaction, "recovery: its parts were never committed");
    MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction));
    report.undone.push_back(transaction);
    return Status::ok();
}

Status RecoveryByRenames::justTidy(const std::string &transaction)
{
    trace(transaction, "recovery: only tidying is left");
    MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction));
    report.tidied.push_back(transaction);
    return Status::ok();
}

/// P8: it is not applied again.
Status RecoveryByRenames::tidyLogged(const Plan &plan)
{
    m_storage.adopt(logRecordPath(m_site, plan.sequence));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
    // A conflict over the old store comes before anything is changed.
    MDIMAPPEND_RETURN_IF_ERROR(
        removeOverwritten(m_storage, m_site, plan.transaction));
    MDIMAPPEND_RETURN_IF_ERROR(tidyLogRecord(m_storage, m_site, plan.sequence));
    return justTidy(plan.transaction);
}

Status RecoveryByRenames::undoPlanned(const Plan &plan)
{
    trace(plan.transaction, "recovery: undoes it");
    MDIMAPPEND_RETURN_IF_ERROR(undo(m_storage, m_site, plan));
    MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, plan.transaction));
    report.undone.push_back(plan.transaction);
    return Status::ok();
}

Status RecoveryByRenames::finish(const std::string &transaction,
                                 const Journal &journal,
                                 const Decision &decision)
{
    trace(transaction, "recovery: finishes it");
    if (!journal.manifest || contentOf(journal.manifest) != decision.manifest)
        return damaged(transaction,
                       "the manifest is not the one that was decided on");
    auto manifest = parseManifest(*journal.manifest);
    if (!manifest)
        return damaged(transaction, manifest.status().message());
    MDIMAPPEND_RETURN_IF_ERROR(checkFollows(transaction, *manifest));
    // P11
    m_storage.adopt(decisionPath(m_site, transaction));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
    MDIMAPPEND_RETURN_IF_ERROR(redo(m_storage, m_site, *manifest));
    MDIMAPPEND_RETURN_IF_ERROR(
        tidyLogRecord(m_storage, m_site, manifest->sequence));
    MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, transaction));
    report.redone.push_back(transaction);
    return Status::ok();
}

Result<std::vector<std::string>>
RecoveryByRenames::unfinished(const std::vector<std::string> &)
{
    return m_storage.list(m_site.journals());
}

Result<PendingTransaction::State>
RecoveryByRenames::stateOf(const std::string &transaction)
{
    using State = PendingTransaction::State;
    MDIMAPPEND_ASSIGN(const auto journal, readJournal(transaction));
    if (!journal.plan)
        return journal.hasSession && !journal.decision ? State::Open
                                                       : State::Finished;
    const auto plan = parsePlan(*journal.plan);
    if (!plan)
        return neverBecameDurable(plan, journal) ? State::Finished
                                                 : State::Damaged;
    MDIMAPPEND_ASSIGN(const bool logged, isLogged(m_storage, m_site, *plan));
    if (logged)
        return State::Finished;
    if (!journal.decision)
        return State::Planned;
    const auto decision = parseDecision(*journal.decision);
    if (!decision)
        return State::Damaged;
    return decision->commit ? State::Decided : State::Aborted;
}

Result<bool> RecoveryByRenames::setAside(const std::string &folder,
                                         const std::string &to)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.publish(folder, to));
    return true;
}

}  // namespace mdimappend
