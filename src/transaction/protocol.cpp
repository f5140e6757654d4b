#include "transaction/protocol.h"

#include "journal/log.h"
#include "journal/slice_entries.h"
#include "storage/checksum.h"
#include "storage/local_storage.h"
#include "storage/requests_at_once.h"
#include "storage/versioned_storage.h"
#include "transaction/overwrite.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <span>

namespace mdimappend
{

namespace
{

/// A move that redo still has to make.
struct PendingMove
{
    const Move *move = nullptr;
    std::string version;  ///< of what was seen at its key, "" if nothing was
};

/// Nothing if it has been made.
Result<std::optional<PendingMove>>
pendingMove(Storage &storage, const Site &site, const Manifest &manifest,
            const Move &move, bool chunk, const KnownContents &known)
{
    // Before it is read: a change in between is seen later.
    MDIMAPPEND_ASSIGN(auto version, storage.versionAt(site.object(move.key)));
    MDIMAPPEND_ASSIGN(const Content present,
                      known.at(storage, site.object(move.key), version, chunk));
    if (present == move.content)
        return std::optional<PendingMove>();
    if (present != move.base)
        return conflict(std::string(chunk ? "chunk '" : "document '") +
                        move.key +
                        "' is neither what it was before the append nor what "
                        "the append makes of it");
    if (move.content.exists && !move.text)
    {
        const auto staged =
            site.stage(manifest.transaction) + "/" + move.staged;
        MDIMAPPEND_ASSIGN(const auto stagedVersion, storage.versionAt(staged));
        MDIMAPPEND_ASSIGN(const Content waiting,
                          known.at(storage, staged, stagedVersion, chunk));
        if (waiting != move.content)
            return Status(Failure::Conflict,
                          "the staged object '" + staged + "' for '" +
                              move.key +
                              "' is missing or damaged. Nothing was "
                              "changed, and nothing will be. Put "
                              "it back, or look at the store; "
                              "then `gdal driver mdimappend "
                              "recover --set-aside` lets "
                              "appending go on with the store "
                              "as it is");
    }
    return std::make_optional<PendingMove>({&move, std::move(version)});
}

/// Others may have written since the base was compared: chunks were moved, and
/// a barrier takes its time.
Status checkAgain(Storage &storage, const Site &site,
                  const PendingMove &pending, bool chunk)
{
    const auto &move = *pending.move;
    MDIMAPPEND_ASSIGN(const auto version,
                      storage.versionAt(site.object(move.key)));
    if (version == pending.version)
        return Status::ok();
    MDIMAPPEND_ASSIGN(const Content present,
                      contentAt(storage, site.object(move.key), chunk));
    if (present == move.base)
        return Status::ok();
    return conflict(std::string(chunk ? "chunk '" : "document '") + move.key +
                    "' was changed while the append was applied");
}

Status apply(Storage &storage, const Site &site, const Manifest &manifest,
             const PendingMove &pending, bool isChunk)
{
    const auto &move = *pending.move;
    const auto destination = site.object(move.key);
    if (!move.content.exists)
        return storage.remove(destination);
    const auto staged = site.stage(manifest.transaction) + "/" + move.staged;
    if (auto *folders = storage.folders())
        return folders->publish(staged, destination);
    // Late as it may come, it replaces nothing but what was seen.
    std::optional<std::string> bytes = move.text;
    if (!bytes)
    {
        MDIMAPPEND_ASSIGN(bytes, storage.read(staged));
    }
    const Content content = !bytes      ? Content{}
                            : move.text ? contentOf(bytes)
                            : isChunk
                                ? Content{true, bytes->size(), xxh3(*bytes)}
                                : contentOf(bytes);
    if (content != move.content)
        return error("the staged object '" + staged +
                     "' is missing or damaged");
    return storage.versions()->replace(destination, *bytes, pending.version);
}

/// Moves that do not depend on each other, several at once where each of them
/// waits for an answer.
Status applyAll(Storage &storage, const Site &site, const Manifest &manifest,
                std::span<const PendingMove> moves, bool chunks)
{
    return forEachAtOnce(storage.operationsAtOnce(), moves.size(),
                         [&](std::size_t i) -> Status
                         {
                             if (chunks)
                                 MDIMAPPEND_RETURN_IF_ERROR(
                                     checkAgain(storage, site, moves[i], true));
                             return apply(storage, site, manifest, moves[i],
                                          chunks);
                         });
}

std::string arrayKey(const PlannedArray &array, const std::string &key)
{
    return array.path.empty() ? key : array.path + "/" + key;
}

/// Deletes the chunks of the boxes that were planned as added: each by its key,
/// or, where those would be too many to try, those of them that are there.
class AddedChunks
{
  public:
    AddedChunks(Storage &storage, const Site &site, const PlannedArray &array)
        : m_storage(storage), m_site(site), m_array(array)
    {
    }

    Status remove()
    {
        std::uint64_t count = 0;
        for (const auto &box : m_array.added)
            count += std::min(box.count(), mostTried);
        if (count >= mostTried)
            MDIMAPPEND_RETURN_IF_ERROR(removeListed("", 0));
        else
            MDIMAPPEND_RETURN_IF_ERROR(removeComputed());
        return removeEmptyFolders();
    }

  private:
    /// A plan that somebody else wrote may name more than time would suffice
    /// for.
    static constexpr std::uint64_t mostTried = 1'000'000;

    Status removeComputed()
    {
        for (const auto &box : m_array.added)
        {
            const auto count = box.count();
            for (std::uint64_t i = 0; i < count; ++i)
                MDIMAPPEND_RETURN_IF_ERROR(
                    removeChunk(m_array.keys.key(box.at(i))));
        }
        return Status::ok();
    }

    /// What lies below the folder `key` of the array.
    Status removeListed(const std::string &key, std::size_t depth)
    {
        const auto folder = key.empty() ? m_array.path : arrayKey(m_array, key);
        auto names = m_storage.list(m_site.object(folder));
        if (!names)
            return isBehindLink(names.status()) ? Status::ok()
                                                : names.takeStatus();
        for (const auto &name : *names)
        {
            const auto below = key.empty() ? name : key + "/" + name;
            const bool isPart =
                name == "c" ||
                name.find_first_not_of("0123456789") == std::string::npos;
            if (isAdded(below))
                MDIMAPPEND_RETURN_IF_ERROR(removeChunk(below));
            else if (isPart && depth < deepest())
                MDIMAPPEND_RETURN_IF_ERROR(removeListed(below, depth + 1));
        }
        return Status::ok();
    }

    /// Folders that can be above a chunk.
    std::size_t deepest() const
    {
        std::size_t rank = 0;
        for (const auto &box : m_array.added)
            rank = std::max(rank, box.low.size());
        return rank;
    }

    bool isAdded(const std::string &key) const
    {
        return std::ranges::any_of(m_array.added,
                                   [&](const ChunkBox &box)
                                   {
                                       const auto index = m_array.keys.parse(
                                           key, box.low.size());
                                       return index && box.contains(*index);
                                   });
    }

    Status removeChunk(const std::string &key)
    {
        const auto path = m_site.object(arrayKey(m_array, key));
        m_folders.insert(parentFolder(path));
        auto removed = m_storage.remove(path);
        if (removed || isBehindLink(removed))
            return Status::ok();
        // A folder in a chunk's place is not what the append has added.
        MDIMAPPEND_ASSIGN(const auto there, m_storage.state(path));
        return there && there->directory ? Status::ok() : removed;
    }

    /// Nothing was written through a link, so nothing is there to be removed.
    static bool isBehindLink(const Status &status)
    {
        return !status && status.kind() == Failure::Conflict;
    }

    /// Innermost first, up to the array's own folder.
    Status removeEmptyFolders()
    {
        const auto top = m_site.object(m_array.path);
        while (!m_folders.empty())
        {
            const auto folder = *m_folders.rbegin();
            m_folders.erase(folder);
            if (folder.size() <= top.size())
                continue;
            auto removed = m_storage.folders()->removeFolderIfEmpty(folder);
            if (!removed && !isBehindLink(removed))
                return removed;
            m_folders.insert(parentFolder(folder));
        }
        return Status::ok();
    }

    Storage &m_storage;
    const Site &m_site;
    const PlannedArray &m_array;
    std::set<std::string> m_folders;
};

/// What is not remembered is asked for, several at once.
Status lookAhead(Storage &storage, const Site &site, const Manifest &manifest)
{
    if (storage.folders())
        return Status::ok();
    const auto count = manifest.documents.size();
    return forEachAtOnce(
        requestsAtOnce, count + manifest.chunks.size(),
        [&](std::size_t i)
        {
            const auto &move =
                i < count ? manifest.documents[i] : manifest.chunks[i - count];
            return storage.state(site.object(move.key)).takeStatus();
        });
}

Status moveIntoPlace(Storage &storage, const Site &site,
                     const Manifest &manifest, const KnownContents &known)
{
    MDIMAPPEND_RETURN_IF_ERROR(verifyPuts(storage, site, manifest));
    std::vector<PendingMove> chunks;
    std::vector<PendingMove> documents;
    MDIMAPPEND_RETURN_IF_ERROR(lookAhead(storage, site, manifest));
    for (const auto &move : manifest.documents)
    {
        MDIMAPPEND_ASSIGN(auto pending, pendingMove(storage, site, manifest,
                                                    move, false, known));
        if (pending)
            documents.push_back(std::move(*pending));
        else
            storage.adopt(site.object(move.key));
    }
    for (const auto &move : manifest.chunks)
    {
        MDIMAPPEND_ASSIGN(auto pending, pendingMove(storage, site, manifest,
                                                    move, true, known));
        if (pending)
            chunks.push_back(std::move(*pending));
        else
            storage.adopt(site.object(move.key));
    }
    std::vector<std::string> deletions;
    for (const auto &key : manifest.deletions)
        deletions.push_back(site.object(key));
    MDIMAPPEND_RETURN_IF_ERROR(forEachAtOnce(
        storage.operationsAtOnce(), 2,
        [&](std::size_t i)
        {
            return i == 0 ? storage.removeAll(deletions)
                          : applyAll(storage, site, manifest, chunks, true);
        }));
    // No power cut may leave a document that is ahead of its chunks, or one
    // whose chunks a stale cache hides.
    if (!manifest.chunks.empty() || !manifest.deletions.empty())
        MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    // All of them before the first: readers see the old cube or the new one.
    for (const auto &pending : documents)
        MDIMAPPEND_RETURN_IF_ERROR(checkAgain(storage, site, pending, false));
    const auto *ordered =
        manifest.documents.data() +
        std::min<std::uint64_t>(manifest.atOnce, manifest.documents.size());
    const auto inOrder = static_cast<std::size_t>(
        std::ranges::count_if(documents, [&](const PendingMove &pending)
                              { return pending.move < ordered; }));
    const std::span<const PendingMove> all(documents);
    MDIMAPPEND_RETURN_IF_ERROR(
        applyAll(storage, site, manifest, all.first(inOrder), false));
    for (const auto &pending : all.subspan(inOrder))
        MDIMAPPEND_RETURN_IF_ERROR(
            apply(storage, site, manifest, pending, false));
    return Status::ok();
}

}  // namespace

std::string planPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/plan";
}

std::string manifestPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/manifest";
}

std::string decisionPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/decision";
}

std::string sessionPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/session";
}

std::string abortPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/abort";
}

Status writeRecord(Storage &storage, const std::string &path,
                   const std::string &text)
{
    return storage.putWhole(path, text);
}

Status replaceRecord(Storage &storage, const std::string &path,
                     const std::string &text)
{
    auto *folders = storage.folders();
    if (!folders)
        return storage.putWhole(path, text);
    MDIMAPPEND_RETURN_IF_ERROR(storage.put(path + ".new", text));
    MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    return folders->publish(path + ".new", path);
}

namespace
{

Result<bool> createDecision(Storage &storage, const Site &site,
                            const std::string &transaction,
                            const std::string &text)
{
    const auto path = decisionPath(site, transaction);
    auto *folders = storage.folders();
    if (!folders)
        return storage.create(path, text);
    const auto ready = abortPath(site, transaction);
    MDIMAPPEND_ASSIGN(const auto prepared, storage.read(ready));
    // A power cut may have torn it, if the plan's barrier was not reached.
    return prepared == text ? folders->createFrom(ready, path)
                            : storage.create(path, text);
}

}  // namespace

Result<Decision> decide(Storage &storage, const Site &site,
                        const std::string &transaction,
                        const Decision &decision)
{
    const auto path = decisionPath(site, transaction);
    const auto text = toText(decision);
    MDIMAPPEND_ASSIGN(const bool created,
                      createDecision(storage, site, transaction, text));
    if (created)
        return decision;
    MDIMAPPEND_ASSIGN(const auto present, storage.read(path));
    if (!present)
        return error("the decision '" + path + "' came and went");
    return parseDecision(*present);
}

Status conflict(const std::string &what)
{
    return {Failure::Conflict,
            "conflict: " + what +
                ". Somebody else wrote to the store meanwhile. Nothing was "
                "changed, and nothing will be. Look at it; then `gdal driver "
                "mdimappend recover --set-aside` lets appending go on with "
                "the store as it is"};
}

Status verifyPuts(Storage &storage, const Site &site, const Manifest &manifest)
{
    if (manifest.bootId.empty() || manifest.bootId == bootId())
        return Status::ok();
    for (const auto &put : manifest.puts)
    {
        MDIMAPPEND_ASSIGN(const Content present,
                          contentAt(storage, site.object(put.key), true));
        if (present != put.content)
            return {Failure::Conflict,
                    "chunk '" + put.key +
                        "' did not survive the reboot (the append ran with "
                        "--durability process)"};
    }
    return Status::ok();
}

Status undo(Storage &storage, const Site &site, const Plan &plan)
{
    if (plan.overwrite)
    {
        MDIMAPPEND_RETURN_IF_ERROR(undoOverwrite(storage, site, plan));
        return storage.barrier();
    }
    // A plan that came after its writer had lost the lease may be older than
    // the documents.
    if (plan.leased)
        return Status::ok();
    // Whoever wrote the plan may mean a folder beside the store.
    for (const auto &folder : plan.folders)
    {
        if (folder != site.name && !folder.starts_with(site.name + "/"))
            return conflict("the plan has the folder '" + folder +
                            "', which is not part of the store");
    }
    for (const auto &document : plan.documents)
    {
        MDIMAPPEND_ASSIGN(const Content present,
                          contentAt(storage, site.object(document.key), false));
        if (present != document.content)
            return conflict("document '" + document.key +
                            "' is not what it was before the append");
    }
    for (const auto &array : plan.arrays)
        MDIMAPPEND_RETURN_IF_ERROR(AddedChunks(storage, site, array).remove());
    for (auto folder = plan.folders.rbegin(); folder != plan.folders.rend();
         ++folder)
        MDIMAPPEND_RETURN_IF_ERROR(storage.folders()->removeFolderIfEmpty(
            site.parent + "/" + *folder));
    return storage.barrier();
}

Status redo(Storage &storage, const Site &site, const Manifest &manifest,
            const KnownContents &known)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        manifest.overwrite ? exchangeStores(storage, site, manifest)
                           : moveIntoPlace(storage, site, manifest, known));
    // No power cut may leave a log record that is ahead of its documents: a
    // logged transaction is never applied again.
    if (auto *folders = storage.folders())
        MDIMAPPEND_RETURN_IF_ERROR(folders->makeFolders(site.log()));
    MDIMAPPEND_RETURN_IF_ERROR(
        writeSliceEntries(storage, site, manifest.logRecord));
    MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    return writeLogRecord(storage, site, manifest.logRecord);
}

Status tidy(Storage &storage, const Site &site, const std::string &transaction,
            bool keepsDecision)
{
    MDIMAPPEND_RETURN_IF_ERROR(removeOverwritten(storage, site, transaction));
    const auto stage = site.stage(transaction);
    const auto journal = site.journal(transaction);
    std::vector<std::string> old;
    MDIMAPPEND_ASSIGN(const auto staged, storage.list(stage));
    for (const auto &name : staged)
        old.push_back(stage + "/" + name);
    MDIMAPPEND_RETURN_IF_ERROR(storage.removeAll(old));
    auto *folders = storage.folders();
    if (folders)
        MDIMAPPEND_RETURN_IF_ERROR(folders->removeFolderIfEmpty(stage));
    MDIMAPPEND_ASSIGN(const auto records, storage.list(journal));
    old.clear();
    for (const auto &name : records)
    {
        if (name != "decision")
            old.push_back(journal + "/" + name);
    }
    MDIMAPPEND_RETURN_IF_ERROR(storage.removeAll(old));
    // Nothing keeps a late writer from creating it once more, where a journal
    // has no folder that would be gone.
    if (keepsDecision)
        return Status::ok();
    MDIMAPPEND_RETURN_IF_ERROR(storage.remove(decisionPath(site, transaction)));
    return folders ? folders->removeFolderIfEmpty(journal) : Status::ok();
}

Status tidyCommitted(Storage &storage, const Site &site,
                     const Manifest &manifest)
{
    if (storage.folders())
        return tidy(storage, site, manifest.transaction);
    std::vector<std::string> old = {decisionPath(site, manifest.transaction)};
    for (const auto &move : manifest.chunks)
    {
        if (!move.staged.empty())
            old.push_back(site.stage(manifest.transaction) + "/" + move.staged);
    }
    // In any order: what is logged is done, whatever is left of it.
    return storage.removeAll(old);
}

Result<bool> isLogged(Storage &storage, const Site &site,
                      const std::string &transaction, std::uint64_t sequence)
{
    MDIMAPPEND_ASSIGN(const auto record,
                      readLogRecord(storage, site, sequence));
    return record && record->value("transaction", "") == transaction;
}

std::string bootId()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id;
}

}  // namespace mdimappend
