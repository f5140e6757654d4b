// The protocol's steps by conditional puts: nothing is renamed, nothing that
// was put in the store is taken back, and the decision and all that it needs
// are one object.

#include "transaction/protocol_by_conditions.h"

#include "journal/record_paths.h"
#include "storage/checksum.h"
#include "trace.h"

namespace mdimappend
{

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

Result<bool>
ProtocolByConditions::createDecision(const std::string &transaction,
                                     const std::string &text)
{
    return m_storage.create(decisionPath(m_site, transaction), text);
}

/// The word `abort` stays where it was created (tidyUndone).
Result<bool> ProtocolByConditions::stands(const std::string &)
{
    return true;
}

Status ProtocolByConditions::place(const Manifest &manifest, const Move &move,
                                   const std::string &version, bool isChunk)
{
    const auto staged = m_site.stage(manifest.transaction) + "/" + move.staged;
    std::optional<std::string> bytes = move.text;
    if (!bytes)
    {
        MDIMAPPEND_ASSIGN(bytes, m_storage.read(staged));
    }
    const Content content = bytes && isChunk && !move.text
                                ? Content{true, bytes->size(), xxh3(*bytes)}
                                : contentOf(bytes);
    if (content != move.content)
        return error("the staged object '" + staged +
                     "' is missing or damaged");
    // P10: late as it may come, it replaces nothing but what was seen.
    return m_storage.replace(m_site.object(move.key), *bytes, version);
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
