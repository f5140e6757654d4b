// The end of a batch: its log record, the commit, and what the run keeps of the
// cube.

#include "append/batch.h"

#include "append/log_record.h"
#include "cube/target_attributes.h"
#include "cube/target_documents.h"
#include "journal/log_members.h"
#include "trace.h"

#include <utility>

namespace mdimappend
{

namespace
{

/// As a commit has left them.
DocumentState documentsAfter(const Json &record, const std::string &group)
{
    const auto *logged = memberOf(record, group);
    return logged ? documentStateFrom(
                        member(member(*logged, "documents"), "after"))
                  : DocumentState();
}

}  // namespace

/// Of a target that this batch has made, or rows that it has replaced, more may
/// have changed than it knows.
void Batch::keepCube()
{
    if (!mayKeepCube(m_options) || m_creates || m_replaces)
        return;
    if (m_transaction)
        m_cube.documents =
            documentsAfter(m_transaction->logRecord(), m_open.site.group);
    m_kept.cube.keep(m_open.site, std::move(m_cube),
                     m_transaction ? m_transaction->replaced()
                                   : ObjectVersions());
}

Result<Json> Batch::logRecord()
{
    MDIMAPPEND_ASSIGN(const Creation log, creation());
    const Json &first = m_waiting.front().logged;
    std::uint64_t rows = 0;
    std::uint64_t replaced = 0;
    Json slices = Json::array();
    for (const auto &waiting : m_waiting)
    {
        rows += waiting.logged["rows"].get<std::uint64_t>();
        replaced += waiting.logged.value("replaced_rows", std::uint64_t{0});
        slices.push_back(waiting.logged);
    }
    LoggedAppend logged;
    logged.appendDim = m_waiting.front().slice->appendDim();
    logged.format = m_cube.target.format;
    logged.hasLabels = m_cube.target.labels() != nullptr;
    logged.creates = m_creates;
    logged.createsStore = m_createsStore;
    logged.firstRow = countMember(first, "first_row");
    logged.rows = rows;
    logged.replacedRows = replaced;
    logged.size = m_cube.target.size;
    logged.map = m_map;
    logged.labelsOrdered = m_cube.labelsOrdered;
    logged.firstLabel = textMember(first, "first_label");
    logged.lastLabel = textMember(m_waiting.back().logged, "last_label");
    logged.before = m_cube.documents;
    logged.after = digestsOf(m_cube.target, m_open.site.group);
    if (mayChangeAttributes(m_options))
    {
        logged.attributesBefore = m_attributes;
        MDIMAPPEND_ASSIGN(logged.attributesAfter,
                          presentAttributes(m_cube.target, m_open.site.group));
    }
    logged.slices = std::move(slices);
    logged.warnings = m_warnings;
    logged.command = m_options.command;
    logged.message = m_options.message;
    return logRecordOf(logged, log, m_open.site, m_transaction->sequence());
}

Result<std::uint64_t> Batch::commit()
{
    if (m_waiting.empty())
    {
        keepCube();
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
                MDIMAPPEND_RETURN_IF_ERROR(checkUnchanged(*waiting.slice));
            return Status::ok();
        }));
    trace(m_transaction->name(), "batch committed: ", m_waiting.size(),
          " slices, sequence number ", m_transaction->sequence());
    m_open.writer.mayBeLone = false;
    m_kept.chunks = m_transaction->replacedChunks();
    keepCube();
    return m_transaction->sequence();
}

}  // namespace mdimappend
