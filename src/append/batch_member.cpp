#include "append/batch_member.h"

#include "append/target_labels.h"
#include "cube/target_attributes.h"
#include "cube/target_documents.h"
#include "journal/log_members.h"
#include "secrets.h"

namespace mdimappend
{

namespace
{

/// A slice's part of the log record.
Json loggedSlice(const Slice &slice, const std::string &state,
                 const AppendPlan &plan)
{
    Json logged = {{"name", withoutSecrets(slice.name())},
                   {"path", canonicalPath(slice.name())},
                   {"state", state},
                   {"first_row", plan.firstRow},
                   {"rows", plan.rows},
                   {"first_label", plan.firstLabel},
                   {"last_label", plan.lastLabel}};
    if (plan.replacedRows > 0)
        logged["replaced_rows"] = plan.replacedRows;
    if (!plan.ignoredStatic.empty())
        logged["ignored_static"] = plan.ignoredStatic;
    if (plan.rows < slice.size() || plan.readAs.empty() || !slice.isOneFile())
        return logged;
    logged["read_as"] = plan.readAs;
    if (plan.labelsHash != 0)
        logged["labels"] = hashText(plan.labelsHash);
    return logged;
}

/// As a commit has left them.
DocumentState documentsAfter(const Json &record, const std::string &group)
{
    const auto *logged = memberOf(record, group);
    return logged ? documentStateFrom(
                        member(member(*logged, "documents"), "after"))
                  : DocumentState();
}

}  // namespace

BatchMember::BatchMember(const AppendOptions &options, const OpenTarget &open,
                         std::string group, LoggedSlices &log)
    : m_options(options), m_open(open), m_log(log), m_site(open.site)
{
    m_site.group = std::move(group);
}

void BatchMember::reopened()
{
    auto group = std::move(m_site.group);
    m_site = m_open.site;
    m_site.group = std::move(group);
}

Status BatchMember::read(const std::string &appendDim)
{
    MDIMAPPEND_ASSIGN(m_cube.target,
                      readTarget(storage(), m_site, appendDim,
                                 storage().waitsForAnswers() &&
                                     !mayChangeAttributes(m_options)));
    m_cube.committedRows = m_cube.target.size;
    MDIMAPPEND_ASSIGN(m_cube.documents,
                      storedDocuments(storage(), m_site, m_cube.target));
    if (m_cube.target.exists && mayChangeAttributes(m_options))
    {
        MDIMAPPEND_ASSIGN(m_attributes,
                          presentAttributes(m_cube.target, m_site.group));
    }
    return Status::ok();
}

Result<AppendPlan> BatchMember::plan(const Slice &slice, const Others &others)
{
    const PlanRequest request{m_options, m_site,          storage(),    slice,
                              m_log,     others.labelled, others.groups};
    if (others.shared.isEmpty())
        return planAppend(request, m_cube);
    // What another member does to documents is not done yet.
    Target stored = m_cube.target;
    others.shared.putInto(m_cube.target, m_site.group);
    auto plan = planAppend(request, m_cube);
    m_cube.target = std::move(stored);
    return plan;
}

Result<Creation> BatchMember::creation()
{
    if (!m_creation)
    {
        MDIMAPPEND_ASSIGN(m_creation,
                          m_log.creation(storage(), m_site, m_cube.documents));
    }
    return *m_creation;
}

Result<bool> BatchMember::holds(const IndexedSlice &slice, SliceReport &report,
                                bool &reads)
{
    MDIMAPPEND_ASSIGN(const Creation log, creation());
    const bool hasLabels = m_cube.target.labels() != nullptr;
    const auto size = m_cube.committedRows;
    // What the log knows of is in a store that goes, or in another one.
    if (!m_site.overwriting.empty() || slice.sequence < log.believedFrom() ||
        (hasLabels && log.target == 0) || slice.rows == 0 ||
        slice.firstRow > size || slice.rows > size - slice.firstRow ||
        hasLabels != (slice.labels != 0))
        return false;
    if (hasLabels)
    {
        MDIMAPPEND_ASSIGN(const bool holds, holdsLabels(slice, report, reads));
        if (!holds)
            return false;
    }
    report.outcome = SliceReport::Outcome::AlreadyThere;
    report.firstRow = m_cube.target.size;
    report.rowsAlreadyThere = slice.rows;
    return true;
}

Result<bool> BatchMember::holdsLabels(const IndexedSlice &slice,
                                      SliceReport &report, bool &reads)
{
    if (!m_cube.labelsKnown || m_cube.labelsFrom > 0)
    {
        reads = true;
        TargetValues values(m_site, storage(), m_cube.target);
        MDIMAPPEND_RETURN_IF_ERROR(
            readLastLabels(m_log, storage(), m_site, values, m_cube));
        MDIMAPPEND_RETURN_IF_ERROR(readAllLabels(values, m_cube));
    }
    const auto first = static_cast<std::size_t>(slice.firstRow);
    const auto rows = static_cast<std::size_t>(slice.rows);
    const Labels labels = m_cube.labels.part(first, first + rows);
    if (hashOfLabels(labels) != slice.labels)
        return false;
    report.firstLabel = labels.describe(0);
    report.lastLabel = labels.describe(rows - 1);
    return true;
}

bool BatchMember::isWaiting(const Slice &slice) const
{
    if (m_cube.target.labels())
        return false;
    const auto state = slice.fingerprint();
    return !state.empty() &&
           m_waitingFiles.contains({canonicalPath(slice.name()), state});
}

void BatchMember::add(const Slice &slice, const std::string &state,
                      const AppendPlan &plan)
{
    m_creates = m_creates || plan.create;
    m_replaces = m_replaces || plan.replacedRows > 0;
    if (!m_map)
        m_map.emplace(plan.create ? 0 : m_cube.committedRows);
    for (const auto &[sliceRow, targetRow, rows] : plan.rowRuns)
        m_map->put(m_slices.size(), sliceRow, targetRow, rows);
    auto logged = loggedSlice(slice, state, plan);
    m_waitingFiles.emplace(textMember(logged, "path"), state);
    m_slices.push_back(std::move(logged));
}

CubeState BatchMember::leave(const Json *record)
{
    if (record && isChanged())
        m_cube.documents = documentsAfter(*record, m_site.group);
    return std::move(m_cube);
}

Result<LoggedMember> BatchMember::logged()
{
    LoggedMember logged;
    logged.group = m_site.group;
    MDIMAPPEND_ASSIGN(logged.log, creation());
    logged.appendDim = m_cube.target.appendDim;
    logged.format = m_cube.target.format;
    logged.hasLabels = m_cube.target.labels() != nullptr;
    logged.creates = m_creates;
    for (const auto &slice : m_slices)
    {
        logged.rows += countMember(slice, "rows");
        logged.replacedRows += countMember(slice, "replaced_rows");
    }
    logged.firstRow = countMember(m_slices.front(), "first_row");
    logged.firstLabel = textMember(m_slices.front(), "first_label");
    logged.lastLabel = textMember(m_slices.back(), "last_label");
    logged.size = m_cube.target.size;
    logged.map = m_map;
    logged.labelsOrdered = m_cube.labelsOrdered;
    logged.before = m_cube.documents;
    logged.after = digestsOf(m_cube.target, m_site.group);
    if (mayChangeAttributes(m_options))
    {
        logged.attributesBefore = m_attributes;
        MDIMAPPEND_ASSIGN(logged.attributesAfter,
                          presentAttributes(m_cube.target, m_site.group));
    }
    logged.slices = m_slices;
    return logged;
}

}  // namespace mdimappend
