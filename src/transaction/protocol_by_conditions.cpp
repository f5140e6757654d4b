// The protocol's steps by conditional puts: nothing is renamed, nothing that
// was put in the store is taken back, and the decision and all that it needs
// are one object.

#include "transaction/protocol_by_conditions.h"

#include "journal/log.h"
#include "journal/record_paths.h"
#include "trace.h"
#include "transaction/chunk_bases.h"

namespace mdimappend
{

namespace
{

/// Of one object whose puts break off, each after several attempts.
constexpr int mostPuts = 6;

}  // namespace

/// P2: the lock has the transaction's name, and an undo deletes nothing.
Status ProtocolByConditions::begin(Plan &)
{
    if (!m_site.overwriting.empty())
        return error("the target cannot be overwritten: cannot replace the "
                     "whole of '" +
                     m_site.store() + "' in an object store");
    return Status::ok();
}

Status ProtocolByConditions::extend(const Plan &)
{
    return Status::ok();
}

Result<Move> ProtocolByConditions::documentMove(const Plan &plan,
                                                std::size_t number,
                                                const std::string &bytes,
                                                KnownContents &)
{
    const auto &[key, base] = plan.documents[number];
    return Move{"", key, base, contentOf(bytes), bytes};
}

Status ProtocolByConditions::keepManifest(const Manifest &,
                                          const std::string &text,
                                          Decision &decision)
{
    decision.record = text;
    return Status::ok();
}

/// Each look costs a request, and whatever has changed is not replaced (P10);
/// the consolidated copy tells of most who write.
Status ProtocolByConditions::checkDecidable(const Plan &plan, const Manifest &,
                                            KnownContents &)
{
    if (plan.documents.empty())
        return Status::ok();
    const auto &key = plan.documents.back().key;
    MDIMAPPEND_ASSIGN(const bool unchanged,
                      m_storage.isUnchanged(m_site.object(key)));
    return unchanged ? Status::ok() : changedMeanwhile(key);
}

/// P3: a put that broke off has decided nothing. Its own writer puts it whole
/// (create), anybody may put `abort` in its place.
Result<bool>
ProtocolByConditions::createDecision(const std::string &transaction,
                                     const std::string &text)
{
    const auto path = decisionPath(m_site, transaction);
    const bool aborts = text == toText(Decision{false, {}});
    for (int i = 0; i < mostPuts; ++i)
    {
        MDIMAPPEND_ASSIGN(const bool created, m_storage.create(path, text));
        if (created || !aborts)
            return created;
        MDIMAPPEND_ASSIGN(const auto present, m_storage.read(path));
        if (!present || !isTornDecision(*present))
            return false;
        trace(transaction, "decision: what is there is a part of one");
        MDIMAPPEND_ASSIGN(const auto version, m_storage.versionAt(path));
        auto replaced = m_storage.replace(path, text, version);
        if (replaced)
            return true;
        if (replaced.kind() != Failure::Conflict)
            return replaced;
        replaced.ignore("somebody has put or removed one just now");
        m_storage.forget(path);
    }
    return false;
}

/// The word `abort` stays where it was created (tidyUndone).
Result<bool> ProtocolByConditions::stands(const std::string &)
{
    return true;
}

Status ProtocolByConditions::place(const Manifest &manifest, const Move &move,
                                   const std::string &version)
{
    MDIMAPPEND_ASSIGN(const auto bytes, newBytes(manifest, move));
    if (!bytes)
        return error("the staged object '" +
                     m_site.stage(manifest.transaction) + "/" + move.staged +
                     "' is missing or damaged");
    // P10: late as it may come, it replaces nothing but what was seen.
    const auto path = m_site.object(move.key);
    auto seen = version;
    for (int i = 1;; ++i)
    {
        auto put = m_storage.replace(path, *bytes, seen);
        if (put || put.kind() != Failure::Conflict || i == mostPuts)
            return put;
        m_storage.forget(path);
        MDIMAPPEND_ASSIGN(auto torn, tornVersion(manifest, move, *bytes));
        if (!torn)
            return put;
        put.ignore("a put of this transaction broke off");
        seen = std::move(*torn);
    }
}

Result<std::optional<std::string>>
ProtocolByConditions::tornVersion(const Manifest &manifest, const Move &move)
{
    MDIMAPPEND_ASSIGN(const auto bytes, newBytes(manifest, move));
    if (!bytes)
        return std::optional<std::string>();
    return tornVersion(manifest, move, *bytes);
}

/// Only until it is logged: later transactions begin their documents with the
/// same bytes.
Result<std::optional<std::string>>
ProtocolByConditions::tornVersion(const Manifest &manifest, const Move &move,
                                  const std::string &bytes)
{
    const auto path = m_site.object(move.key);
    MDIMAPPEND_ASSIGN(const auto present, m_storage.read(path));
    if (!present || present->size() >= bytes.size() ||
        !bytes.starts_with(*present))
        return std::optional<std::string>();
    MDIMAPPEND_ASSIGN(auto version, m_storage.versionAt(path));
    const auto record = logRecordPath(m_site, manifest.sequence);
    m_storage.forget(record);
    MDIMAPPEND_ASSIGN(const auto logged, m_storage.read(record));
    if (logged && !isTornLogRecord(*logged, manifest.logRecord))
        return std::optional<std::string>();
    trace(manifest.transaction, "a put to '", move.key,
          "' broke off and left a part of it: it is put again");
    return std::make_optional(std::move(version));
}

/// Of a move; nothing if they are missing or damaged.
Result<std::optional<std::string>>
ProtocolByConditions::newBytes(const Manifest &manifest, const Move &move)
{
    std::optional<std::string> bytes = move.text;
    if (!bytes && move.content.exists)
    {
        MDIMAPPEND_ASSIGN(bytes,
                          m_storage.read(m_site.stage(manifest.transaction) +
                                         "/" + move.staged));
    }
    const Content content =
        bytes && !move.text ? chunkContent(bytes) : contentOf(bytes);
    return content == move.content ? std::move(bytes) : std::nullopt;
}

Status ProtocolByConditions::exchange(const Manifest &)
{
    return error("cannot exchange '" + m_site.store() + "' in an object store");
}

/// P10: no condition of a deletion would tell what was put here from what
/// others have committed there since.
Status ProtocolByConditions::undo(const Plan &)
{
    return Status::ok();
}

Status ProtocolByConditions::removeAllIn(const std::string &folder,
                                         const std::string &except)
{
    std::vector<std::string> old;
    MDIMAPPEND_ASSIGN(const auto names, m_storage.list(folder));
    for (const auto &name : names)
    {
        if (name != except)
            old.push_back(folder + "/" + name);
    }
    return m_storage.removeAll(old);
}

Status ProtocolByConditions::tidy(const std::string &transaction)
{
    MDIMAPPEND_RETURN_IF_ERROR(tidyUndone(transaction));
    return m_storage.remove(decisionPath(m_site, transaction));
}

/// The word `abort` stays for ever: nothing else would keep a late writer from
/// creating `commit`, where a journal has no folder that would be gone.
Status ProtocolByConditions::tidyUndone(const std::string &transaction)
{
    MDIMAPPEND_RETURN_IF_ERROR(removeAllIn(m_site.stage(transaction), ""));
    MDIMAPPEND_RETURN_IF_ERROR(
        removeAllIn(m_site.journal(transaction), "decision"));
    trace(transaction, "tidied");
    return Status::ok();
}

Status ProtocolByConditions::tidyCommitted(const Manifest &manifest)
{
    std::vector<std::string> old = {decisionPath(m_site, manifest.transaction)};
    for (const auto &move : manifest.chunks)
    {
        if (!move.staged.empty())
            old.push_back(m_site.stage(manifest.transaction) + "/" +
                          move.staged);
    }
    // P8: in any order, since what is logged is done, whatever is left of it.
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.removeAll(old));
    trace(manifest.transaction, "tidied");
    return Status::ok();
}

}  // namespace mdimappend
