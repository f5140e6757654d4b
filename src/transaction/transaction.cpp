#include "transaction/transaction.h"

#include "journal/log.h"
#include "storage/checksum.h"
#include "storage/local_storage.h"
#include "time/utc_now.h"
#include "transaction/overwrite.h"
#include "transaction/protocol.h"

#include <format>
#include <set>

namespace mdimappend
{

namespace
{

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

}  // namespace

Result<std::string> nextTransaction(Storage &storage, const Site &site)
{
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    return transactionName(last + 1);
}

Result<std::unique_ptr<Transaction>>
Transaction::begin(const Site &site, Storage &storage, Lock &lock,
                   Durability durability, Intent intent)
{
    std::unique_ptr<Transaction> transaction(
        new Transaction(site, storage, lock, durability, std::move(intent)));
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    transaction->m_plan.sequence = last + 1;
    transaction->m_plan.transaction =
        site.overwriting.empty() ? transactionName(last + 1) : site.overwriting;
    if (auto planned = transaction->writePlan(); !planned)
    {
        // Nothing but the sidecar was written; what cannot be removed now is
        // undone by the next writer.
        static_cast<void>(
            bool(tidy(storage, site, transaction->m_plan.transaction)));
        return std::move(planned).suffixed("Nothing was written.");
    }
    transaction->m_view =
        std::make_unique<View>(site, storage, transaction->m_plan.transaction,
                               std::move(transaction->m_intent.arrays));
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
        if (!state)
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
    if (!m_plan.overwrite)
    {
        MDIMAPPEND_ASSIGN(m_plan.folders, newFolders());
    }
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.put(
        abortPath(m_site, m_plan.transaction), toText(Decision{false, {}})));
    MDIMAPPEND_RETURN_IF_ERROR(writeRecord(
        m_storage, planPath(m_site, m_plan.transaction), toText(m_plan)));
    return m_storage.barrier();
}

Result<Manifest> Transaction::stageDocuments()
{
    Manifest manifest;
    manifest.transaction = m_plan.transaction;
    manifest.sequence = m_plan.sequence;
    manifest.deletions = m_intent.deletions;
    manifest.overwrite = m_plan.overwrite;
    if (m_durability == Durability::Process)
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
                                           key, chunk.record.base, content});
            else if (put && m_durability == Durability::Process)
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
        const std::string staged =
            "document-" + std::to_string(manifest.documents.size());
        MDIMAPPEND_RETURN_IF_ERROR(
            m_storage.stage(m_site.stage(m_plan.transaction) + "/" + staged,
                            bytes, m_site.object(key)));
        manifest.documents.push_back(
            {staged, key, baseContent(m_intent.base, key), contentOf(bytes)});
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
    for (const auto &document : m_plan.documents)
    {
        MDIMAPPEND_ASSIGN(
            const auto bytes,
            m_storage.read(m_site.object(document.key), largestDocument));
        if (contentOf(bytes) != document.content)
            return {Failure::Conflict,
                    "conflict: document '" + document.key +
                        "' was changed by somebody else during the append"};
    }
    return Status::ok();
}

Status Transaction::prepare(const std::function<Status()> &sliceUnchanged,
                            Content &manifest)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_view->allSettled());
    MDIMAPPEND_ASSIGN(m_manifest, stageDocuments());
    const auto text = toText(m_manifest);
    manifest = contentOf(text);
    MDIMAPPEND_RETURN_IF_ERROR(
        writeRecord(m_storage, manifestPath(m_site, m_plan.transaction), text));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
    MDIMAPPEND_RETURN_IF_ERROR(m_lock.stillOurs());
    MDIMAPPEND_RETURN_IF_ERROR(checkBase());
    return sliceUnchanged ? sliceUnchanged() : Status::ok();
}

Status Transaction::extend(Intent intent)
{
    for (auto &array : intent.arrays)
    {
        const auto number = m_view->find(array.document.path);
        if (!number)
            return error("array '" + array.document.path +
                         "' is not in the transaction that is under way");
        auto &planned = m_plan.arrays[*number];
        planned.added.insert(planned.added.end(), array.planned.added.begin(),
                             array.planned.added.end());
        m_view->extend(*number, array.planned.added, array.paddedShape);
    }
    for (auto &[key, bytes] : intent.next)
        m_intent.next.at(key) = std::move(bytes);
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
    if (auto prepared = prepare(sliceUnchanged, decision.manifest); !prepared)
    {
        if (auto undone = undo(); !undone)
            return std::move(prepared).suffixed(
                "Undoing the append failed too: " + undone.message());
        return std::move(prepared).suffixed("Nothing was appended.");
    }

    auto decided = decide(m_storage, m_site, m_plan.transaction, decision);
    if (!decided)
    {
        // Whoever wins `abort` knows that there is no `commit`.
        if (undo())
            return decided.takeStatus().suffixed("Nothing was appended.");
        return Status(Failure::Unknown,
                      "the outcome of the append is unknown (" +
                          decided.status().message() +
                          "). The next run decides.");
    }
    if (!decided->commit)
        return error("the append was undone by another process");

    const std::string state = "The append is decided; the next run or "
                              "`gdal driver mdimappend recover` finishes it.";
    if (auto applied = redo(m_storage, m_site, m_manifest); !applied)
        return std::move(applied).suffixed(state);
    // The append is in, durable and logged. What tidying leaves behind is the
    // next run's to remove.
    static_cast<void>(bool(tidy(m_storage, m_site, m_plan.transaction)));
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
    MDIMAPPEND_RETURN_IF_ERROR(mdimappend::undo(m_storage, m_site, m_plan));
    return tidy(m_storage, m_site, m_plan.transaction);
}

}  // namespace mdimappend
