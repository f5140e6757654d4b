// The end of a batch: its log record, the commit, and what the run keeps of the
// cubes. And, for slices that are in already, what the log says of them.

#include "append/batch.h"

#include "append/log_record.h"
#include "trace.h"

#include <algorithm>
#include <utility>

namespace mdimappend
{

void Batch::keepCubes()
{
    const bool areKnown = std::ranges::all_of(m_members, [](const auto &member)
                                              { return member->isKnown(); });
    if (!mayKeepCube(m_options) || !areKnown)
        return;
    CubesByGroup cubes;
    for (const auto &member : m_members)
        cubes[member->group()] = member->leave(
            m_transaction ? &m_transaction->logRecord() : nullptr);
    m_kept.cubes.keep(m_open.site, std::move(cubes),
                      m_transaction ? m_transaction->replaced()
                                    : ObjectVersions());
}

Result<Json> Batch::logRecord()
{
    LoggedCommit commit;
    for (const auto &member : m_members)
    {
        if (!member->isChanged())
            continue;
        MDIMAPPEND_ASSIGN(auto logged, member->logged());
        commit.members.push_back(std::move(logged));
    }
    commit.createsStore = m_createsStore;
    commit.warnings = m_warnings;
    commit.command = m_options.command;
    commit.message = m_options.message;
    return logRecordOf(commit, m_transaction->sequence());
}

Result<std::uint64_t> Batch::commit()
{
    if (m_waiting.empty())
    {
        keepCubes();
        return std::uint64_t{0};
    }
    auto record = logRecord();
    if (!record)
        return giveUp(record.takeStatus());
    MDIMAPPEND_RETURN_IF_ERROR(m_transaction->commit(
        std::move(*record),
        [&]() -> Status
        {
            for (const auto &waiting : m_waiting)
                for (const auto &part : waiting.parts)
                    MDIMAPPEND_RETURN_IF_ERROR(checkUnchanged(*part.slice));
            return Status::ok();
        }));
    trace(m_transaction->name(), "batch committed: ", m_waiting.size(),
          " slices, sequence number ", m_transaction->sequence());
    m_open.writer.mayBeLone = false;
    m_kept.chunks = m_transaction->replacedChunks();
    keepCubes();
    return m_transaction->sequence();
}

Status Batch::checkLog(KnownSlices &known)
{
    m_confirmed = false;
    auto &member = *m_members.front();
    MDIMAPPEND_ASSIGN(const Creation log, member.creation());
    return known.checkLog(*m_open.writer.storage, m_open.site, log);
}

Status Batch::readMore(KnownSlices &known)
{
    m_confirmed = false;
    auto &storage = *m_open.writer.storage;
    MDIMAPPEND_ASSIGN(const Creation log, m_members.front()->creation());
    return known.readMore(storage, m_open.site, log,
                          !m_options.dryRun && !storage.waitsForAnswers());
}

Result<bool> Batch::holds(const IndexedSlice &slice, SliceReport &report)
{
    bool reads = false;
    auto holds = m_members.front()->holds(slice, report, reads);
    m_confirmed = m_confirmed && !reads;
    return holds;
}

}  // namespace mdimappend
