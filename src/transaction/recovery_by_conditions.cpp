// Settles the transactions that an object store's lock names: decides those
// that are not, finishes what was decided, and deletes nothing of the store.

#include "transaction/recovery_by_conditions.h"

#include "journal/log.h"
#include "journal/record_paths.h"
#include "trace.h"
#include "transaction/protocol.h"
#include "transaction/redo.h"

namespace mdimappend
{

/// There is no plan: who took the lock was named in it before, and nothing that
/// was added has to be removed. What is decided stays for whoever comes late.
Status RecoveryByConditions::settle(const std::string &transaction, Lock &lock)
{
    const auto path = decisionPath(m_site, transaction);
    MDIMAPPEND_ASSIGN(const auto text, m_storage.read(path, largestRecord));
    const bool isDecided = text && !isTornDecision(*text);
    MDIMAPPEND_RETURN_IF_ERROR(lock.stillOurs());
    // What has been read may be older than what its writer has just done.
    m_storage.forget();
    trace(transaction,
          "recovery: ", isDecided ? "it is decided" : "it is not decided");
    auto decision =
        isDecided ? parseDecision(*text)
                  : decide(m_storage, m_site, transaction, Decision{false, {}});
    if (!decision)
        return isDecided ? damaged(transaction, decision.status().message())
                         : decision.takeStatus();
    return decision->commit ? finish(transaction, *decision)
                            : removeStaged(transaction, isDecided);
}

Status RecoveryByConditions::removeStaged(const std::string &transaction,
                                          bool wasDecided)
{
    if (wasDecided)
        return Protocol::of(m_storage, m_site)->tidyUndone(transaction);
    MDIMAPPEND_ASSIGN(const bool logged, endsTheLog(transaction));
    MDIMAPPEND_RETURN_IF_ERROR(
        Protocol::of(m_storage, m_site)->tidyUndone(transaction));
    trace(transaction,
          "recovery: ", logged ? "it was logged before" : "it is undone");
    (logged ? report.tidied : report.undone).push_back(transaction);
    return Status::ok();
}

Status RecoveryByConditions::finish(const std::string &transaction,
                                    const Decision &decision)
{
    auto manifest = parseManifest(decision.record);
    if (!manifest)
        return damaged(transaction, manifest.status().message());
    if (contentOf(decision.record) != decision.manifest)
        return damaged(transaction,
                       "the manifest is not the one that was decided on");
    MDIMAPPEND_ASSIGN(const bool torn, isRecordTorn(*manifest));
    MDIMAPPEND_ASSIGN(const bool logged, isFinished(*manifest));
    trace(transaction, "recovery: ",
          logged ? "it is logged, and only tidied" : "finishes it");
    if (!logged)
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkFollows(transaction, *manifest, torn));
        MDIMAPPEND_RETURN_IF_ERROR(redoUnlessLogged(*manifest));
    }
    MDIMAPPEND_RETURN_IF_ERROR(
        Protocol::of(m_storage, m_site)->tidyCommitted(*manifest));
    (logged ? report.tidied : report.redone).push_back(transaction);
    return Status::ok();
}

/// A put of the log record broke off: it is not there.
Result<bool> RecoveryByConditions::isRecordTorn(const Manifest &manifest)
{
    MDIMAPPEND_ASSIGN(const auto text,
                      m_storage.read(logRecordPath(m_site, manifest.sequence),
                                     largestRecord));
    return text && isTornLogRecord(*text, manifest.logRecord);
}

Result<bool> RecoveryByConditions::isFinished(const Manifest &manifest)
{
    MDIMAPPEND_ASSIGN(const bool torn, isRecordTorn(manifest));
    if (torn)
        return false;
    return isLogged(m_storage, m_site, manifest);
}

/// Whoever has committed removes the decision; then `abort` comes too late, and
/// says nothing.
Result<bool> RecoveryByConditions::endsTheLog(const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(m_storage, m_site));
    return isLogged(m_storage, m_site, transaction, last);
}

/// Its own writer may come back and finish it meanwhile.
Status RecoveryByConditions::redoUnlessLogged(const Manifest &manifest)
{
    auto redone = redo(m_storage, m_site, manifest);
    if (redone)
        return redone;
    m_storage.forget();
    const auto logged = isLogged(m_storage, m_site, manifest);
    if (!logged || !*logged)
        return redone;
    redone.ignore("its own writer has finished it");
    return Status::ok();
}

Result<std::vector<std::string>>
RecoveryByConditions::unfinished(const std::vector<std::string> &unsettled)
{
    return unsettled;
}

Result<PendingTransaction::State>
RecoveryByConditions::stateOf(const std::string &transaction)
{
    using State = PendingTransaction::State;
    MDIMAPPEND_ASSIGN(
        const auto text,
        m_storage.read(decisionPath(m_site, transaction), largestRecord));
    if (!text || isTornDecision(*text))
    {
        MDIMAPPEND_ASSIGN(const auto session,
                          m_storage.state(sessionPath(m_site, transaction)));
        return session ? State::Open : State::Planned;
    }
    const auto decision = parseDecision(*text);
    if (decision && !decision->commit)
        return State::Finished;
    const auto manifest = decision ? parseManifest(decision->record)
                                   : Result<Manifest>(decision.status());
    if (!manifest)
        return State::Damaged;
    MDIMAPPEND_ASSIGN(const bool logged, isFinished(*manifest));
    return logged ? State::Finished : State::Decided;
}

/// Copies and removes. A decision to commit becomes one to abort, for whoever
/// comes late; one to abort stays.
Result<bool> RecoveryByConditions::setAside(const std::string &folder,
                                            const std::string &to)
{
    bool any = false;
    const auto abort = toText(Decision{false, {}});
    MDIMAPPEND_ASSIGN(const auto names, m_storage.list(folder));
    for (const auto &name : names)
    {
        const auto source = folder + "/" + name;
        MDIMAPPEND_ASSIGN(const auto bytes, m_storage.read(source));
        if (!bytes || bytes == abort)
            continue;
        any = true;
        MDIMAPPEND_ASSIGN(const auto version, m_storage.versionAt(source));
        MDIMAPPEND_RETURN_IF_ERROR(m_storage.put(to + "/" + name, *bytes));
        MDIMAPPEND_RETURN_IF_ERROR(
            name == "decision" ? m_storage.replace(source, abort, version)
                               : m_storage.remove(source));
    }
    return any;
}

}  // namespace mdimappend
