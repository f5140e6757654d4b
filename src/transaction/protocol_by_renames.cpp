// The protocol's steps by renames: plan and manifest are records of their own,
// the decision is a file that gets its name once, apply renames what was
// staged.

#include "transaction/protocol_by_renames.h"

#include "journal/log.h"
#include "journal/record_paths.h"
#include "storage/paths.h"
#include "trace.h"
#include "transaction/overwrite.h"
#include "transaction/undo.h"

#include <set>

namespace mdimappend
{

Status ProtocolByRenames::begin(Plan &plan)
{
    if (plan.sequence > 1)
        m_storage.expectFolder(m_site.log());
    if (!m_site.overwriting.empty())
    {
        MDIMAPPEND_ASSIGN(plan.overwrite, prepareOverwrite(m_storage, m_site));
    }
    // Under a lease they are made after the decision.
    if (!plan.overwrite && !plan.leased)
    {
        MDIMAPPEND_ASSIGN(plan.folders, missingFolders(plan));
    }
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.put(
        abortPath(m_site, plan.transaction), toText(Decision{false, {}})));
    MDIMAPPEND_RETURN_IF_ERROR(
        m_storage.putWhole(planPath(m_site, plan.transaction), toText(plan)));
    // A manifest in a journal without its plan could not be followed.
    m_storage.expectFolder(m_site.journal(plan.transaction));
    return m_storage.barrier();
}

/// Those that the plan's documents need and that are not there, the outer ones
/// first.
Result<std::vector<std::string>>
ProtocolByRenames::missingFolders(const Plan &plan)
{
    std::set<std::string> folders;
    for (const auto &document : plan.documents)
    {
        for (std::string folder =
                 parentFolder(m_site.name + "/" + document.key);
             folder != "."; folder = parentFolder(folder))
            folders.insert(folder);
    }
    std::vector<std::string> missing;
    for (const auto &folder : folders)
    {
        MDIMAPPEND_ASSIGN(const auto state,
                          m_storage.state(m_site.parent + "/" + folder));
        if (state)
            m_storage.expectFolder(m_site.parent + "/" + folder);
        else
            missing.push_back(folder);
    }
    return missing;
}

Status ProtocolByRenames::extend(const Plan &plan)
{
    // P2: chunks have been written that only the plan names, so the new one is
    // durable before it takes the old one's place, and in place before the next
    // chunk is written.
    const auto path = planPath(m_site, plan.transaction);
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.put(path + ".new", toText(plan)));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.barrier());
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.publish(path + ".new", path));
    return m_storage.barrier();
}

Result<Move> ProtocolByRenames::documentMove(const Plan &plan,
                                             std::size_t number,
                                             const std::string &bytes,
                                             KnownContents &known)
{
    const auto &[key, base] = plan.documents[number];
    const auto content = contentOf(bytes);
    if (plan.overwrite)
    {
        // Nobody looks into the new store before the exchange.
        MDIMAPPEND_RETURN_IF_ERROR(m_storage.put(m_site.object(key), bytes));
        return Move{"", key, {}, content};
    }
    const std::string staged = "document-" + std::to_string(number);
    const auto path = m_site.stage(plan.transaction) + "/" + staged;
    MDIMAPPEND_ASSIGN(auto version,
                      m_storage.stage(path, bytes, m_site.object(key)));
    known.note(path, std::move(version), content);
    return Move{staged, key, base, content};
}

Status ProtocolByRenames::keepManifest(const Manifest &manifest,
                                       const std::string &text,
                                       Decision &decision)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        m_storage.putWhole(manifestPath(m_site, manifest.transaction), text));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.prepare(
        decisionPath(m_site, manifest.transaction), toText(decision)));
    // P4: chunks, stage and manifest.
    return m_storage.barrier();
}

/// An append that cannot be applied must not be decided: somebody may have
/// taken the stage away, or the log.
Status ProtocolByRenames::checkApplicable(const Manifest &manifest)
{
    for (const auto *moves : {&manifest.chunks, &manifest.documents})
    {
        for (const auto &move : *moves)
        {
            if (move.staged.empty())
                continue;
            const auto staged =
                m_site.stage(manifest.transaction) + "/" + move.staged;
            MDIMAPPEND_ASSIGN(const auto state, m_storage.state(staged));
            if (!state || state->size != move.content.size)
                return error("the staged object '" + staged + "' for '" +
                             move.key +
                             "' was removed or changed by somebody else");
        }
    }
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(m_storage, m_site));
    if (last + 1 != manifest.sequence)
        return error("the log '" + m_site.log() +
                     "' was removed or changed by somebody else");
    return Status::ok();
}

Status ProtocolByRenames::checkDecidable(const Plan &plan,
                                         const Manifest &manifest,
                                         KnownContents &known)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkApplicable(manifest));
    if (plan.overwrite)
        return checkOverwrite(m_storage, m_site, *plan.overwrite);
    for (const auto &document : plan.documents)
    {
        const auto path = m_site.object(document.key);
        // Before it is read: a change in between is seen later.
        MDIMAPPEND_ASSIGN(auto version, m_storage.versionAt(path));
        MDIMAPPEND_ASSIGN(const auto content,
                          contentAt(m_storage, path, false));
        if (content != document.content)
            return changedMeanwhile(document.key);
        known.note(path, std::move(version), content);
    }
    return Status::ok();
}

Result<bool> ProtocolByRenames::createDecision(const std::string &transaction,
                                               const std::string &text)
{
    const auto path = decisionPath(m_site, transaction);
    const auto ready = abortPath(m_site, transaction);
    if (text != toText(Decision{false, {}}))
        return m_storage.create(path, text);
    MDIMAPPEND_ASSIGN(const auto prepared, m_storage.read(ready));
    // A power cut may have torn it, if the plan's barrier was not reached.
    return prepared == text ? m_storage.createFrom(ready, path)
                            : m_storage.create(path, text);
}

/// P9: whoever undid it removes the plan before the word `abort`; so without a
/// plan the word `commit` came too late, into a journal that is being removed.
Result<bool> ProtocolByRenames::stands(const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto plan,
                      m_storage.state(planPath(m_site, transaction)));
    return plan.has_value();
}

Status ProtocolByRenames::place(const Manifest &manifest, const Move &move,
                                const std::string &)
{
    return m_storage.publish(m_site.stage(manifest.transaction) + "/" +
                                 move.staged,
                             m_site.object(move.key));
}

Status ProtocolByRenames::exchange(const Manifest &manifest)
{
    return exchangeStores(m_storage, m_site, manifest);
}

Status ProtocolByRenames::undo(const Plan &plan)
{
    return mdimappend::undo(m_storage, m_site, plan);
}

/// P9: the decision goes last.
Status ProtocolByRenames::tidy(const std::string &transaction)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        removeOverwritten(m_storage, m_site, transaction));
    const auto stage = m_site.stage(transaction);
    MDIMAPPEND_ASSIGN(const auto staged, m_storage.list(stage));
    for (const auto &name : staged)
        MDIMAPPEND_RETURN_IF_ERROR(m_storage.remove(stage + "/" + name));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.removeFolderIfEmpty(stage));
    const auto journal = m_site.journal(transaction);
    MDIMAPPEND_ASSIGN(const auto records, m_storage.list(journal));
    for (const auto &name : records)
    {
        if (name != "decision")
            MDIMAPPEND_RETURN_IF_ERROR(m_storage.remove(journal + "/" + name));
    }
    MDIMAPPEND_RETURN_IF_ERROR(
        m_storage.remove(decisionPath(m_site, transaction)));
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.removeFolderIfEmpty(journal));
    trace(transaction, "tidied");
    return Status::ok();
}

/// A late `commit` finds no folder to be created in.
Status ProtocolByRenames::tidyUndone(const std::string &transaction)
{
    return tidy(transaction);
}

Status ProtocolByRenames::tidyCommitted(const Manifest &manifest)
{
    return tidy(manifest.transaction);
}

}  // namespace mdimappend
