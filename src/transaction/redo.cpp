// Carries out a manifest: looks at all before it changes anything, then chunks,
// documents and the log record, with barriers between them.

#include "transaction/redo.h"

#include "journal/log.h"
#include "journal/member_hints.h"
#include "journal/slice_entries.h"
#include "storage/folder_storage.h"
#include "storage/requests_at_once.h"
#include "trace.h"
#include "transaction/conflict.h"
#include "transaction/protocol.h"
#include "transaction/reboot.h"

#include <algorithm>

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

Status stagedIsGone(const std::string &staged, const std::string &key)
{
    return {Failure::Conflict,
            "the staged object '" + staged + "' for '" + key +
                "' is missing or damaged. Nothing was changed, and nothing "
                "will be. Put it back, or look at the store; then `gdal driver "
                "mdimappend recover --set-aside` lets appending go on with the "
                "store as it is"};
}

std::string named(const Move &move, bool isChunk)
{
    return (isChunk ? "chunk '" : "document '") + move.key + "'";
}

/// The moves of one manifest.
class Moving
{
  public:
    Moving(Storage &storage, const Site &site, Protocol &protocol,
           const Manifest &manifest, const KnownContents &known)
        : m_storage(storage), m_site(site), m_protocol(protocol),
          m_manifest(manifest), m_known(known)
    {
    }

    Status run()
    {
        MDIMAPPEND_RETURN_IF_ERROR(verifyPuts(m_storage, m_site, m_manifest));
        MDIMAPPEND_RETURN_IF_ERROR(lookAhead());
        // P6: all of them before anything is changed.
        MDIMAPPEND_ASSIGN(const auto documents,
                          pendingOf(m_manifest.documents, false));
        MDIMAPPEND_ASSIGN(const auto chunks,
                          pendingOf(m_manifest.chunks, true));
        trace(m_manifest.transaction, "redo: ", chunks.size(), " of ",
              m_manifest.chunks.size(), " chunks and ", documents.size(),
              " of ", m_manifest.documents.size(),
              " documents have yet to be moved");
        MDIMAPPEND_RETURN_IF_ERROR(moveChunks(chunks));
        trace(m_manifest.transaction, "redo: chunks are in place");
        MDIMAPPEND_RETURN_IF_ERROR(moveDocuments(documents));
        trace(m_manifest.transaction, "redo: documents are in place");
        return Status::ok();
    }

  private:
    /// What is not remembered is asked for, several at once.
    Status lookAhead()
    {
        if (!m_storage.waitsForAnswers())
            return Status::ok();
        const auto &documents = m_manifest.documents;
        const auto &chunks = m_manifest.chunks;
        return forEachAtOnce(
            m_storage.operationsAtOnce(), documents.size() + chunks.size(),
            [&](std::size_t i)
            {
                const auto &move = i < documents.size()
                                       ? documents[i]
                                       : chunks[i - documents.size()];
                return m_storage.state(m_site.object(move.key)).takeStatus();
            });
    }

    Result<std::vector<PendingMove>> pendingOf(const std::vector<Move> &moves,
                                               bool areChunks)
    {
        std::vector<PendingMove> all;
        for (const auto &move : moves)
        {
            MDIMAPPEND_ASSIGN(auto pending, pendingMove(move, areChunks));
            if (pending)
                all.push_back(std::move(*pending));
            else  // P11
                m_storage.adopt(m_site.object(move.key));
        }
        return all;
    }

    /// Nothing if it has been made.
    Result<std::optional<PendingMove>> pendingMove(const Move &move,
                                                   bool isChunk)
    {
        const auto path = m_site.object(move.key);
        // Before it is read: a change in between is seen later.
        MDIMAPPEND_ASSIGN(auto version, m_storage.versionAt(path));
        MDIMAPPEND_ASSIGN(const Content present,
                          m_known.at(m_storage, path, version, isChunk));
        if (present == move.content)
            return std::optional<PendingMove>();
        if (present != move.base)
        {
            MDIMAPPEND_ASSIGN(auto torn,
                              m_protocol.tornVersion(m_manifest, move));
            if (torn)
                return std::make_optional<PendingMove>(
                    {&move, std::move(*torn)});
            return conflict(named(move, isChunk) +
                            " is neither what it was before the append nor "
                            "what the append makes of it");
        }
        if (move.content.exists && !move.text)
        {
            const auto staged =
                m_site.stage(m_manifest.transaction) + "/" + move.staged;
            MDIMAPPEND_ASSIGN(const auto stagedVersion,
                              m_storage.versionAt(staged));
            MDIMAPPEND_ASSIGN(
                const Content waiting,
                m_known.at(m_storage, staged, stagedVersion, isChunk));
            if (waiting != move.content)
                return stagedIsGone(staged, move.key);
        }
        return std::make_optional<PendingMove>({&move, std::move(version)});
    }

    /// Others may have written since the base was compared: chunks were moved,
    /// and a barrier takes its time.
    Status checkAgain(const PendingMove &pending, bool isChunk)
    {
        const auto &move = *pending.move;
        const auto path = m_site.object(move.key);
        MDIMAPPEND_ASSIGN(const auto version, m_storage.versionAt(path));
        if (version == pending.version)
            return Status::ok();
        MDIMAPPEND_ASSIGN(const Content present,
                          contentAt(m_storage, path, isChunk));
        if (present == move.base)
            return Status::ok();
        return conflict(named(move, isChunk) +
                        " was changed while the append was applied");
    }

    Status make(const PendingMove &pending)
    {
        const auto &move = *pending.move;
        if (!move.content.exists)
            return m_storage.remove(m_site.object(move.key));
        return m_protocol.place(m_manifest, move, pending.version);
    }

    /// In any order; stale caches go with the chunks that they would hide.
    Status moveChunks(const std::vector<PendingMove> &chunks)
    {
        std::vector<std::string> deletions;
        for (const auto &key : m_manifest.deletions)
            deletions.push_back(m_site.object(key));
        const auto moveAll = [&]
        {
            return forEachAtOnce(m_storage.operationsAtOnce(), chunks.size(),
                                 [&](std::size_t i) -> Status
                                 {
                                     MDIMAPPEND_RETURN_IF_ERROR(
                                         checkAgain(chunks[i], true));
                                     return make(chunks[i]);
                                 });
        };
        MDIMAPPEND_RETURN_IF_ERROR(forEachAtOnce(
            m_storage.operationsAtOnce(), 2, [&](std::size_t i)
            { return i == 0 ? m_storage.removeAll(deletions) : moveAll(); }));
        // P7: no power cut may leave a document that is ahead of its chunks, or
        // one whose chunks a stale cache hides.
        return m_manifest.chunks.empty() && deletions.empty()
                   ? Status::ok()
                   : m_storage.barrier();
    }

    /// The first ones in any order (`at_once`), the others one by one.
    Status moveDocuments(const std::vector<PendingMove> &documents)
    {
        // All of them before the first: readers see the old cube or the new
        // one.
        for (const auto &pending : documents)
            MDIMAPPEND_RETURN_IF_ERROR(checkAgain(pending, false));
        const auto *ordered =
            m_manifest.documents.data() +
            std::min<std::uint64_t>(m_manifest.atOnce,
                                    m_manifest.documents.size());
        const auto inAnyOrder = static_cast<std::size_t>(
            std::ranges::count_if(documents, [&](const PendingMove &pending)
                                  { return pending.move < ordered; }));
        MDIMAPPEND_RETURN_IF_ERROR(
            forEachAtOnce(m_storage.operationsAtOnce(), inAnyOrder,
                          [&](std::size_t i) { return make(documents[i]); }));
        for (auto i = inAnyOrder; i < documents.size(); ++i)
            MDIMAPPEND_RETURN_IF_ERROR(make(documents[i]));
        return Status::ok();
    }

    Storage &m_storage;
    const Site &m_site;
    Protocol &m_protocol;
    const Manifest &m_manifest;
    const KnownContents &m_known;
};

}  // namespace

Status redo(Storage &storage, const Site &site, const Manifest &manifest,
            const KnownContents &known)
{
    const auto protocol = Protocol::of(storage, site);
    MDIMAPPEND_RETURN_IF_ERROR(
        manifest.overwrite
            ? protocol->exchange(manifest)
            : Moving(storage, site, *protocol, manifest, known).run());
    if (auto *folders = storage.folders())
        MDIMAPPEND_RETURN_IF_ERROR(folders->makeFolders(site.log()));
    MDIMAPPEND_RETURN_IF_ERROR(
        writeSliceEntries(storage, site, manifest.logRecord));
    MDIMAPPEND_RETURN_IF_ERROR(
        writeMemberHints(storage, site, manifest.logRecord));
    MDIMAPPEND_RETURN_IF_ERROR(
        prepareLogRecord(storage, site, manifest.logRecord));
    // P7: no power cut may leave a log record that is ahead of its documents,
    // since a logged transaction is never applied again (P8).
    MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    MDIMAPPEND_RETURN_IF_ERROR(
        writeLogRecord(storage, site, manifest.logRecord));
    trace(manifest.transaction, "redo: logged as ", manifest.sequence);
    return Status::ok();
}

}  // namespace mdimappend
