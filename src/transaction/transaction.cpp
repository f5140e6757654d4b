// The writer's way through the protocol: plan, chunks, manifest, decision,
// apply.

#include "transaction/transaction.h"

#include "journal/log.h"
#include "storage/checksum.h"
#include "storage/requests_at_once.h"
#include "storage/versioned_storage.h"
#include "trace.h"
#include "transaction/new_manifest.h"
#include "transaction/redo.h"

#include <format>

namespace mdimappend
{

namespace
{

constexpr const char *staysOpen = "Nothing was appended, and none of the parts "
                                  "is lost: commit again, or abort.";

std::string transactionName(std::uint64_t sequence)
{
    return std::format("{:012}-{}", sequence, randomNonce());
}

Content baseContent(const Documents &base, const std::string &key)
{
    const auto found = base.find(key);
    return contentOf(found == base.end()
                         ? std::nullopt
                         : std::optional<std::string>(found->second));
}

void stageAll(std::vector<View::Array> &arrays)
{
    for (auto &array : arrays)
        mdimappend::stageAll(array.planned);
}

/// Whether what is put at a key of the store may meet a late writer's there,
/// and do harm (P10).
bool mayMeetOthers(Lock &lock, const Storage &storage)
{
    return lock.lease() && !storage.createsWhole();
}

Status outcomeUnknown(const Status &why)
{
    return {Failure::Unknown, "the outcome of the append is unknown (" +
                                  why.message() + "). The next run decides."};
}

}  // namespace

Result<std::string> nextTransaction(Storage &storage, const Site &site)
{
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    return transactionName(last + 1);
}

Result<std::unique_ptr<Transaction>>
Transaction::begin(const Site &site, Storage &storage, Lock &lock,
                   Durability durability, Intent intent,
                   const std::string &name)
{
    if (mayMeetOthers(lock, storage))
        stageAll(intent.arrays);
    std::unique_ptr<Transaction> transaction(
        new Transaction(site, storage, lock, durability, std::move(intent)));
    transaction->m_plan.leased = lock.lease() || storage.mayComeLate();
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    transaction->m_plan.sequence = last + 1;
    transaction->m_staysOpen = !name.empty();
    transaction->m_plan.transaction = name.empty() ? site.overwriting : name;
    auto *settlements = lock.settlements();
    if (settlements && transaction->m_plan.transaction.empty())
        transaction->m_plan.transaction = settlements->transactionName();
    if (transaction->m_plan.transaction.empty())
        transaction->m_plan.transaction = transactionName(last + 1);
    if (settlements)
        settlements->begun();
    if (auto planned = transaction->writePlan(); !planned)
        return transaction->discard(std::move(planned));
    transaction->m_view = std::make_unique<View>(
        site, storage, transaction->m_plan.transaction,
        std::move(transaction->m_intent.arrays), !transaction->m_plan.leased);
    return transaction;
}

Status Transaction::writePlan()
{
    for (const auto &array : m_intent.arrays)
        m_plan.arrays.push_back(array.planned);
    m_plan.members = m_intent.members;
    for (const auto &key : m_intent.order)
        m_plan.documents.push_back({key, baseContent(m_intent.base, key)});
    MDIMAPPEND_RETURN_IF_ERROR(m_protocol->begin(m_plan));
    trace(name(), "planned: ", m_plan.arrays.size(), " arrays, ",
          m_plan.documents.size(), " documents",
          m_plan.leased ? ", nothing of it is taken back" : "",
          m_plan.overwrite ? ", a new store in place of the old one" : "");
    return Status::ok();
}

/// Nothing but the sidecar was written; what cannot be removed now is undone by
/// the next writer.
Status Transaction::discard(Status planned)
{
    if (m_staysOpen)
        return std::move(planned).suffixed(staysOpen);
    auto tidied = m_protocol->tidy(name());
    tidied.ignore("the next run tidies");
    if (tidied)
        settled(std::nullopt);
    return std::move(planned).suffixed("Nothing was written.");
}

/// Steps 8 to 10 but for the decision.
Status Transaction::prepare(const std::function<Status()> &sliceUnchanged,
                            Decision &decision)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_view->allSettled());
    const bool mayBeLost =
        m_durability == Durability::Process && !m_storage.isDurableAtOnce();
    MDIMAPPEND_ASSIGN(m_manifest, newManifest(m_plan, m_intent, *m_view,
                                              *m_protocol, m_site.stage(name()),
                                              m_logRecord, mayBeLost));
    const auto text = toText(m_manifest);
    decision.manifest = contentOf(text);
    MDIMAPPEND_RETURN_IF_ERROR(
        m_protocol->keepManifest(m_manifest, text, decision));
    trace(name(), "prepared: ", m_view->chunksWritten(), " chunks written, ",
          m_manifest.chunks.size(), " of them replace others, ",
          m_manifest.deletions.size(),
          " objects are to be removed; all is durable");
    MDIMAPPEND_RETURN_IF_ERROR(forEachAtOnce(
        m_storage.operationsAtOnce(), 2,
        [&](std::size_t i)
        {
            return i == 0 ? m_lock.stillOurs()
                          : m_protocol->checkDecidable(m_plan, m_manifest,
                                                       m_view->known());
        }));
    if (sliceUnchanged)
        MDIMAPPEND_RETURN_IF_ERROR(sliceUnchanged());
    trace(name(), "the lock is ours, documents and slices are as they were");
    return Status::ok();
}

Status Transaction::extend(Intent intent)
{
    // What earlier slices have replaced is in the plan.
    for (auto &array : intent.arrays)
        array.planned.replaced.clear();
    if (mayMeetOthers(m_lock, m_storage))
        stageAll(intent.arrays);
    bool isPlanned = true;
    for (auto &array : intent.arrays)
    {
        const auto number = m_view->find(array.document.path);
        if (!number)
            return error("array '" + array.document.path +
                         "' is not in the transaction that is under way");
        const auto &[path, keys, added, replaced] = array.planned;
        if (planAhead(m_plan.arrays[*number].added, added))
            isPlanned = false;
        m_view->extend(*number, added, replaced, array.paddedShape);
    }
    // Documents of all its slices follow the rules of the last one.
    m_intent.atOnce = intent.atOnce;
    for (auto &[key, bytes] : intent.next)
        m_intent.next.at(key) = std::move(bytes);
    // What is in the stage only is not named by its key: an undo does not need
    // the plan to find it.
    if (isPlanned || m_plan.leased || m_plan.overwrite)
        return Status::ok();
    MDIMAPPEND_RETURN_IF_ERROR(m_protocol->extend(m_plan));
    trace(name(), "the plan is extended for another slice, and ahead");
    return Status::ok();
}

Status Transaction::commit(Json logRecord,
                           const std::function<Status()> &sliceUnchanged)
{
    m_logRecord = std::move(logRecord);
    Decision decision{true, {}};
    if (auto prepared = prepare(sliceUnchanged, decision); !prepared)
        return giveUp(std::move(prepared));
    MDIMAPPEND_RETURN_IF_ERROR(decideToCommit(decision));
    MDIMAPPEND_RETURN_IF_ERROR(apply());
    // The append is in, durable and logged. What tidying leaves behind is the
    // next run's to remove.
    auto tidied = m_protocol->tidyCommitted(m_manifest);
    tidied.ignore("the next run tidies");
    if (tidied)
        settled(
            LogEnd{m_manifest.sequence, logRecordText(m_manifest.logRecord)});
    return Status::ok();
}

ObjectVersions Transaction::replaced() const
{
    ObjectVersions versions;
    for (const auto *moves : {&m_manifest.chunks, &m_manifest.documents})
    {
        for (const auto &move : *moves)
            versions[m_site.object(move.key)] =
                move.staged.empty()
                    ? std::string()
                    : m_view->known().version(m_site.stage(name()) + "/" +
                                              move.staged);
    }
    return versions;
}

std::vector<KnownObject> Transaction::replacedChunks() const
{
    std::vector<KnownObject> chunks;
    for (const auto &move : m_manifest.chunks)
    {
        const auto staged = m_site.stage(name()) + "/" + move.staged;
        if (auto version = m_view->known().version(staged); !version.empty())
            chunks.push_back(
                {m_site.object(move.key), std::move(version), move.content});
    }
    return chunks;
}

Status Transaction::undoneLater(const Status &why, const Status &undone)
{
    const bool isLost = undone.kind() == Failure::TryAgain;
    const auto kind = isLost ? Failure::TryAgain : why.kind();
    return Status(kind, why.message())
        .suffixed("Undoing the append failed too (" + undone.message() +
                  "); the next run tries again." +
                  (isLost ? " Nothing was appended." : ""));
}

/// Before the decision.
Status Transaction::giveUp(Status prepared)
{
    if (m_staysOpen)
        return std::move(prepared).suffixed(staysOpen);
    if (auto undone = undo(); !undone)
        return undoneLater(prepared, undone);
    return std::move(prepared).suffixed("Nothing was appended.");
}

Status Transaction::decideToCommit(const Decision &decision)
{
    m_attempted = true;
    auto decided = m_protocol->decide(name(), decision);
    if (!decided)
    {
        // P5: whoever wins `abort` knows that there is no `commit`.
        if (!m_staysOpen && undo())
            return decided.takeStatus().suffixed("Nothing was appended.");
        return outcomeUnknown(decided.status());
    }
    if (decided->commit)
    {
        const auto stands = m_protocol->stands(name());
        if (!stands)
            return outcomeUnknown(stands.status());
        if (*stands)
            return Status::ok();
    }
    return tryAgain("the append was undone by another process. Nothing was "
                    "appended.");
}

Status Transaction::apply()
{
    auto applied = redo(m_storage, m_site, m_manifest, m_view->known());
    if (applied)
        return Status::ok();
    // A writer that has taken over may have finished it meanwhile.
    if (auto *versions = m_storage.versions())
        versions->forget();
    const auto logged = isLogged(m_storage, m_site, m_plan);
    if (logged && *logged)
    {
        applied.ignore("another writer has finished the append");
        return Status::ok();
    }
    return std::move(applied).suffixed(
        "The append is decided; the next run or `gdal driver mdimappend "
        "recover` finishes it.");
}

Status Transaction::undo()
{
    MDIMAPPEND_RETURN_IF_ERROR(m_lock.stillOurs());
    MDIMAPPEND_ASSIGN(const Decision decided,
                      m_protocol->decide(name(), Decision{false, {}}));
    if (decided.commit)
        return error("the append has been committed already");
    auto undone = m_protocol->undo(m_plan);
    if (!undone && undone.kind() == Failure::Conflict && !m_plan.overwrite)
    {
        trace(name(),
              "undo: others have written; only what is still ours goes");
        if (auto withdrawn = m_view->withdraw(); !withdrawn)
            return std::move(undone).suffixed(
                "Some chunks of this append could not be removed: " +
                withdrawn.message());
    }
    MDIMAPPEND_RETURN_IF_ERROR(std::move(undone));
    MDIMAPPEND_RETURN_IF_ERROR(m_attempted ? m_protocol->tidyUndone(name())
                                           : m_protocol->tidy(name()));
    settled(std::nullopt);
    return Status::ok();
}

/// The lock of an object store tells the next holder.
void Transaction::settled(const std::optional<LogEnd> &end)
{
    if (auto *settlements = m_lock.settlements())
        settlements->settled(end);
}

}  // namespace mdimappend
