#include "transaction/transaction.h"

#include "journal/log.h"
#include "storage/checksum.h"
#include "storage/local_storage.h"
#include "storage/versioned_storage.h"
#include "storage/requests_at_once.h"
#include "time/utc_now.h"
#include "transaction/overwrite.h"
#include "transaction/protocol.h"

#include <format>
#include <set>

namespace mdimappend
{

namespace
{

constexpr const char *staysOpen =
    "Nothing was appended, and nothing of the parts is lost: commit again, or "
    "abort.";

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

/// Whether what is put at a key of the store may meet a late writer's there. In
/// an object store it is put only where there is nothing.
bool mayMeetOthers(Lock &lock, const Storage &storage)
{
    return lock.lease() && !storage.createsWhole();
}

Status outcomeUnknown(const Status &why)
{
    return {Failure::Unknown, "the outcome of the append is unknown (" +
                                  why.message() + "). The next run decides."};
}

/// An append that cannot be applied must not be decided: somebody may have
/// taken the stage away, or the log.
Status checkApplicable(Storage &storage, const Site &site,
                       const Manifest &manifest)
{
    for (const auto *moves : {&manifest.chunks, &manifest.documents})
    {
        for (const auto &move : *moves)
        {
            if (move.staged.empty())
                continue;
            const auto staged =
                site.stage(manifest.transaction) + "/" + move.staged;
            MDIMAPPEND_ASSIGN(const auto state, storage.state(staged));
            if (!state || state->size != move.content.size)
                return error("the staged object '" + staged + "' for '" +
                             move.key +
                             "' was removed or changed by somebody else");
        }
    }
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    if (last + 1 != manifest.sequence)
        return error("the log '" + site.log() +
                     "' was removed or changed by somebody else");
    return Status::ok();
}

}  // namespace

void stageAll(PlannedArray &array)
{
    auto &[path, keys, added, replaced] = array;
    replaced.insert(replaced.end(), added.begin(), added.end());
    added.clear();
}

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
    if (last > 0 && storage.folders())
        storage.folders()->expectFolder(site.log());
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
    {
        if (transaction->m_staysOpen)
            return std::move(planned).suffixed(staysOpen);
        // Nothing but the sidecar was written; what cannot be removed now is
        // undone by the next writer.
        if (tidy(storage, site, transaction->m_plan.transaction) && settlements)
            settlements->settled(std::nullopt);
        return std::move(planned).suffixed("Nothing was written.");
    }
    transaction->m_view = std::make_unique<View>(
        site, storage, transaction->m_plan.transaction,
        std::move(transaction->m_intent.arrays), !transaction->m_plan.leased);
    return transaction;
}

Result<std::vector<std::string>> Transaction::newFolders()
{
    std::set<std::string> folders;
    for (const auto &key : m_intent.order)
    {
        for (std::string folder = parentFolder(m_site.name + "/" + key);
             folder != "."; folder = parentFolder(folder))
            folders.insert(folder);
    }
    std::vector<std::string> missing;
    for (const auto &folder : folders)
    {
        MDIMAPPEND_ASSIGN(const auto state,
                          m_storage.state(m_site.parent + "/" + folder));
        if (state)
            m_storage.folders()->expectFolder(m_site.parent + "/" + folder);
        else
            missing.push_back(folder);
    }
    return missing;
}

Status Transaction::writePlan()
{
    if (!m_site.overwriting.empty())
    {
        MDIMAPPEND_ASSIGN(m_plan.overwrite,
                          prepareOverwrite(m_storage, m_site));
    }
    for (const auto &array : m_intent.arrays)
        m_plan.arrays.push_back(array.planned);
    for (const auto &key : m_intent.order)
        m_plan.documents.push_back({key, baseContent(m_intent.base, key)});
    // Under a lease they are made after the decision.
    if (!m_plan.overwrite && !m_plan.leased)
    {
        MDIMAPPEND_ASSIGN(m_plan.folders, newFolders());
    }
    // There the lock has the transaction's name, and an undo deletes nothing.
    if (!m_storage.folders())
        return Status::ok();
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.put(
        abortPath(m_site, m_plan.transaction), toText(Decision{false, {}})));
    MDIMAPPEND_RETURN_IF_ERROR(writeRecord(
        m_storage, planPath(m_site, m_plan.transaction), toText(m_plan)));
    // A manifest in a journal without its plan could not be followed.
    m_storage.folders()->expectFolder(m_site.journal(m_plan.transaction));
    return m_storage.barrier();
}

Result<Manifest> Transaction::stageDocuments()
{
    Manifest manifest;
    manifest.transaction = m_plan.transaction;
    manifest.sequence = m_plan.sequence;
    manifest.deletions = m_intent.deletions;
    manifest.overwrite = m_plan.overwrite;
    manifest.atOnce = m_intent.atOnce;
    // What a store has acknowledged is durable.
    const bool mayBeLost =
        m_durability == Durability::Process && !m_storage.isDurableAtOnce();
    if (mayBeLost)
        manifest.bootId = bootId();
    m_view->forEach(
        [&](const View::Settled &chunk)
        {
            const auto &array = m_plan.arrays[chunk.array];
            auto key = array.keys.key(chunk.index);
            if (!array.path.empty())
                key = array.path + "/" + key;
            const bool put = chunk.record.state == ChunkState::Put;
            const Content content =
                put ? Content{true, chunk.record.size, chunk.record.checksum}
                    : Content{};
            if (chunk.replaced)
                manifest.chunks.push_back({put ? chunk.staged : std::string(),
                                           key, *chunk.record.base, content});
            else if (put && mayBeLost)
                manifest.puts.push_back({key, content});
        });
    for (const auto &key : m_intent.order)
    {
        const auto &bytes = m_intent.next.at(key);
        if (m_plan.overwrite)
        {
            MDIMAPPEND_RETURN_IF_ERROR(
                m_storage.put(m_site.object(key), bytes));
            manifest.documents.push_back({"", key, {}, contentOf(bytes)});
            continue;
        }
        if (!m_storage.folders())
        {
            manifest.documents.push_back({"", key,
                                          baseContent(m_intent.base, key),
                                          contentOf(bytes), bytes});
            continue;
        }
        const std::string staged =
            "document-" + std::to_string(manifest.documents.size());
        const auto path = m_site.stage(m_plan.transaction) + "/" + staged;
        MDIMAPPEND_ASSIGN(auto version,
                          m_storage.stage(path, bytes, m_site.object(key)));
        const auto content = contentOf(bytes);
        m_view->known().note(path, std::move(version), content);
        manifest.documents.push_back(
            {staged, key, baseContent(m_intent.base, key), content});
    }
    Json record = {{"format", "mdimappend log 1"},
                   {"sequence", m_plan.sequence},
                   {"transaction", m_plan.transaction},
                   {"time", utcNow()}};
    record.update(m_logRecord);
    if (m_plan.overwrite)
        record["overwrite"] = true;
    record["chunks"] = m_view->chunksWritten();
    record["bytes"] = m_view->bytesWritten();
    manifest.logRecord = std::move(record);
    return manifest;
}

Status Transaction::checkBase()
{
    if (m_plan.overwrite)
        return checkOverwrite(m_storage, m_site, *m_plan.overwrite);
    if (!m_storage.folders())
        return checkLastDocument();
    for (const auto &document : m_plan.documents)
    {
        const auto path = m_site.object(document.key);
        // Before it is read: a change in between is seen later.
        MDIMAPPEND_ASSIGN(auto version, m_storage.versionAt(path));
        MDIMAPPEND_ASSIGN(const auto content,
                          contentAt(m_storage, path, false));
        if (content != document.content)
            return {Failure::Conflict,
                    "conflict: document '" + document.key +
                        "' was changed by somebody else during the append"};
        m_view->known().note(path, std::move(version), content);
    }
    return Status::ok();
}

/// In an object store each look costs a request, and whatever has changed is
/// not replaced; the consolidated copy tells of most who write.
Status Transaction::checkLastDocument()
{
    if (m_plan.documents.empty())
        return Status::ok();
    const auto &key = m_plan.documents.back().key;
    MDIMAPPEND_ASSIGN(const bool unchanged,
                      m_storage.versions()->isUnchanged(m_site.object(key)));
    if (unchanged)
        return Status::ok();
    return {Failure::Conflict,
            "conflict: document '" + key +
                "' was changed by somebody else during the append"};
}

Status Transaction::checkAllIsThere()
{
    if (m_storage.folders())
        MDIMAPPEND_RETURN_IF_ERROR(
            checkApplicable(m_storage, m_site, m_manifest));
    return checkBase();
}

Status Transaction::prepare(const std::function<Status()> &sliceUnchanged,
                            Decision &decision)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_view->allSettled());
    MDIMAPPEND_ASSIGN(m_manifest, stageDocuments());
    const auto text = toText(m_manifest);
    decision.manifest = contentOf(text);
    if (!m_storage.folders())
        decision.record = text;
    else
        MDIMAPPEND_RETURN_IF_ERROR(writeRecord(
            m_storage, manifestPath(m_site, m_plan.transaction), text));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
    MDIMAPPEND_RETURN_IF_ERROR(forEachAtOnce(
        m_storage.operationsAtOnce(), 2, [&](std::size_t i)
        { return i == 0 ? m_lock.stillOurs() : checkAllIsThere(); }));
    return sliceUnchanged ? sliceUnchanged() : Status::ok();
}

Status Transaction::extend(Intent intent)
{
    // What earlier slices have replaced is in the plan.
    for (auto &array : intent.arrays)
        array.planned.replaced.clear();
    if (mayMeetOthers(m_lock, m_storage))
        stageAll(intent.arrays);
    for (auto &array : intent.arrays)
    {
        const auto number = m_view->find(array.document.path);
        if (!number)
            return error("array '" + array.document.path +
                         "' is not in the transaction that is under way");
        auto &planned = m_plan.arrays[*number];
        const auto &[path, keys, added, replaced] = array.planned;
        planned.added.insert(planned.added.end(), added.begin(), added.end());
        planned.replaced.insert(planned.replaced.end(), replaced.begin(),
                                replaced.end());
        m_view->extend(*number, added, replaced, array.paddedShape);
    }
    // Documents of all its slices follow the rules of the last one.
    m_intent.atOnce = intent.atOnce;
    for (auto &[key, bytes] : intent.next)
        m_intent.next.at(key) = std::move(bytes);
    if (!m_storage.folders())
        return Status::ok();
    // Chunks have been written that only the plan names.
    MDIMAPPEND_RETURN_IF_ERROR(replaceRecord(
        m_storage, planPath(m_site, m_plan.transaction), toText(m_plan)));
    return m_storage.barrier();
}

Status Transaction::commit(Json logRecord,
                           const std::function<Status()> &sliceUnchanged)
{
    m_logRecord = std::move(logRecord);
    Decision decision{true, {}};
    if (auto prepared = prepare(sliceUnchanged, decision); !prepared)
    {
        if (m_staysOpen)
            return std::move(prepared).suffixed(staysOpen);
        if (auto undone = undo(); !undone)
            return std::move(prepared).suffixed(
                "Undoing the append failed too: " + undone.message());
        return std::move(prepared).suffixed("Nothing was appended.");
    }

    m_attempted = true;
    auto decided = decide(m_storage, m_site, m_plan.transaction, decision);
    if (!decided)
    {
        // Whoever wins `abort` knows that there is no `commit`.
        if (!m_staysOpen && undo())
            return decided.takeStatus().suffixed("Nothing was appended.");
        return outcomeUnknown(decided.status());
    }
    if (!decided->commit)
        return error("the append was undone by another process. Nothing was "
                     "appended.");
    // Whoever undid it removes the plan before the word `abort`; so without a
    // plan this word came too late, into a journal that is being removed.
    // (In an object store the word `abort` stays.)
    if (m_storage.folders())
    {
        const auto plan = m_storage.state(planPath(m_site, m_plan.transaction));
        if (!plan)
            return outcomeUnknown(plan.status());
        if (!*plan)
            return error("the append was undone by another process. Nothing "
                         "was appended.");
    }

    const std::string state = "The append is decided; the next run or "
                              "`gdal driver mdimappend recover` finishes it.";
    if (auto applied = redo(m_storage, m_site, m_manifest, m_view->known());
        !applied)
    {
        // A writer that has taken over may have finished it meanwhile.
        if (auto *versions = m_storage.versions())
            versions->forget();
        const auto logged = isLogged(m_storage, m_site, m_plan);
        if (!logged || !*logged)
            return std::move(applied).suffixed(state);
    }
    // The append is in, durable and logged. What tidying leaves behind is the
    // next run's to remove.
    auto *settlements = m_lock.settlements();
    if (tidyCommitted(m_storage, m_site, m_manifest) && settlements)
        settlements->settled(
            LogEnd{m_manifest.sequence, logRecordText(m_manifest.logRecord)});
    return Status::ok();
}

Status Transaction::undo()
{
    MDIMAPPEND_RETURN_IF_ERROR(m_lock.stillOurs());
    MDIMAPPEND_ASSIGN(
        const Decision decided,
        decide(m_storage, m_site, m_plan.transaction, Decision{false, {}}));
    if (decided.commit)
        return error("the append has been committed already");
    auto undone = mdimappend::undo(m_storage, m_site, m_plan);
    if (!undone && undone.kind() == Failure::Conflict && !m_plan.overwrite)
    {
        if (auto withdrawn = m_view->withdraw(); !withdrawn)
            return std::move(undone).suffixed(
                "Some chunks of this append could not be removed: " +
                withdrawn.message());
    }
    MDIMAPPEND_RETURN_IF_ERROR(std::move(undone));
    MDIMAPPEND_RETURN_IF_ERROR(tidy(m_storage, m_site, m_plan.transaction,
                                    m_attempted && m_storage.mayComeLate()));
    if (auto *settlements = m_lock.settlements())
        settlements->settled(std::nullopt);
    return Status::ok();
}

}  // namespace mdimappend
