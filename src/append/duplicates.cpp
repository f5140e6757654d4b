// Labels decide which rows are new; values decide about those that are there
// already, where the policy asks for it.

#include "append/duplicates.h"

#include "append/logged_slices.h"
#include "append/target_labels.h"
#include "cube/label_match.h"
#include "cube/target_attributes.h"
#include "guards/band_advice.h"
#include "guards/array_labels.h"
#include "guards/step_guard.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Pairs of slice row and target row that follow each other on both sides.
std::vector<RowRun> runsOf(const Pairs &pairs)
{
    std::vector<RowRun> runs;
    for (const auto &[sliceRow, targetRow] : pairs)
    {
        if (!runs.empty() &&
            runs.back().sliceRow + runs.back().rows == sliceRow &&
            runs.back().targetRow + runs.back().rows == targetRow)
            ++runs.back().rows;
        else
            runs.push_back({sliceRow, targetRow, 1});
    }
    return runs;
}

class Decider
{
  public:
    Decider(const PlanRequest &request, CubeState &cube, TargetValues &values,
            const std::vector<Match> &matches)
        : m_request(request), m_options(request.options), m_site(request.site),
          m_storage(request.storage), m_log(request.log),
          m_slice(request.slice), m_cube(cube), m_values(values),
          m_matches(matches)
    {
    }

    Result<RowDecision> decide()
    {
        m_decision.rows = m_slice.size();
        const auto *array = m_cube.target.labels();
        if (m_cube.target.labelledBy)
            return decideByGroupAround();
        if (!array)
        {
            MDIMAPPEND_RETURN_IF_ERROR(
                checkStep(m_options.step, Labels{}, Labels{}, 0));
            MDIMAPPEND_ASSIGN(
                m_decision.broughtBy,
                m_log.whoNames(m_storage, m_site, m_cube.documents, m_slice,
                               m_cube.committedRows, m_options.again));
            if (m_decision.broughtBy > 0)
                std::swap(m_decision.rows, m_decision.present);
            return std::move(m_decision);
        }
        if (m_slice.labelsLike())
        {
            MDIMAPPEND_RETURN_IF_ERROR(
                checkLabelUnits(*array, *m_slice.labelsLike()));
            return std::move(m_decision);
        }
        MDIMAPPEND_RETURN_IF_ERROR(readLabels(*array));
        MDIMAPPEND_ASSIGN(LabelMatch match,
                          matchLabels(m_cube.labels, m_decision.labels,
                                      m_options.step.descending()));
        MDIMAPPEND_RETURN_IF_ERROR(settle(match));
        m_decision.labelled = {m_decision.labels, match, m_cube.target.size};
        MDIMAPPEND_RETURN_IF_ERROR(
            checkStep(m_options.step, m_cube.labels.last(2), m_decision.labels,
                      static_cast<std::size_t>(match.firstNew)));
        return std::move(m_decision);
    }

  private:
    /// It grows as the group does that its labels are in, or not at all.
    Result<RowDecision> decideByGroupAround()
    {
        const auto &around = *m_cube.target.labelledBy;
        const auto *labelled = m_request.labelled;
        if (!labelled)
            return refused("its labels are in the group '/" + around +
                           "' around it, which would not grow. Append to both "
                           "at once, with --groups.");
        if (labelled->size != m_cube.target.size)
            return Status(Failure::Conflict,
                          "the target is torn: the group '/" + around +
                              "' has " + std::to_string(labelled->size) +
                              " labels, this one " +
                              std::to_string(m_cube.target.size) + " steps");
        if (labelled->labels.values.size() != m_slice.size())
            return refused("it has " + std::to_string(m_slice.size()) +
                           " steps, and the group '/" + around +
                           "' around it, whose labels are its own, has " +
                           std::to_string(labelled->labels.values.size()) +
                           ".");
        m_decision.labels = labelled->labels;
        MDIMAPPEND_RETURN_IF_ERROR(settle(labelled->match));
        m_decision.labels.values.clear();
        return std::move(m_decision);
    }

    Status settle(const LabelMatch &match)
    {
        m_decision.firstNew = match.firstNew;
        m_decision.rows = m_slice.size() - match.firstNew;
        m_decision.present = match.present.size();
        return match.present.empty() ? Status::ok()
                                     : settlePresent(match.present);
    }

    Status readLabels(const TargetArray &array)
    {
        MDIMAPPEND_RETURN_IF_ERROR(
            readLastLabels(m_log, m_storage, m_site, m_values, m_cube));
        if (!m_options.ignoreUnits)
            MDIMAPPEND_RETURN_IF_ERROR(checkLabelUnits(array, m_slice));
        auto &offered = m_decision.labels;
        MDIMAPPEND_ASSIGN(offered, sliceLabels(m_slice, array));
        if (offered.kind == Labels::Kind::None)
            return refused(noLabels(m_slice, array));
        const Labels last = m_cube.labels.last(2);
        MDIMAPPEND_ASSIGN(offered, alignCalendars(std::move(offered), last));
        // Templates may name the first.
        if (!comeAfter(last, offered) || mayChangeAttributes(m_options))
            return readAllLabels(m_values, m_cube);
        return Status::ok();
    }

    std::string labelText(std::uint64_t sliceRow) const
    {
        return m_decision.labels.describe(static_cast<std::size_t>(sliceRow));
    }

    Status settlePresent(const Pairs &present)
    {
        const auto &first = present.front();
        const auto policy = m_options.onDuplicate;
        if (policy == OnDuplicate::Skip)
            return Status::ok();
        if (policy == OnDuplicate::Error)
            return refused("the label " + labelText(first.first) +
                           " is already in the target (--on-duplicate error).");
        m_decision.needsCommit = std::ranges::any_of(
            present, [&](const auto &rows)
            { return rows.second >= m_cube.committedRows; });
        if (m_decision.needsCommit)
            return Status::ok();
        const auto runs = runsOf(present);
        // Who asks for replacing wants these values there, whatever was.
        if (policy == OnDuplicate::Identical && runs.size() == 1 &&
            m_decision.rows == 0)
        {
            MDIMAPPEND_ASSIGN(
                m_decision.broughtBy,
                m_log.whoBrought(m_storage, m_site, m_cube.documents, m_slice,
                                 runs[0].targetRow, runs[0].rows));
            if (m_decision.broughtBy > 0)
                return Status::ok();
        }
        return policy == OnDuplicate::Replace ? replaceDifferent(runs)
                                              : refuseDifferent(runs);
    }

    Status refuseDifferent(const std::vector<RowRun> &runs)
    {
        for (const auto &run : runs)
        {
            MDIMAPPEND_ASSIGN(
                const auto difference,
                m_values.firstDifference(m_slice, m_matches, run));
            if (difference)
                return refused(
                    "the label " + labelText(run.sliceRow) +
                    (run.rows > 1
                         ? " (or one of the " + std::to_string(run.rows - 1) +
                               " after it)"
                         : "") +
                    " is already in the target, with different values in " +
                    *difference +
                    ". --on-duplicate replace stores the new ones, skip keeps "
                    "the old ones." +
                    bandAdvice(m_slice));
        }
        return Status::ok();
    }

    /// What is stored already is not written again: running the same command
    /// twice changes nothing.
    Status replaceDifferent(const std::vector<RowRun> &runs)
    {
        for (const auto &run : runs)
        {
            MDIMAPPEND_ASSIGN(
                const auto difference,
                m_values.firstDifference(m_slice, m_matches, run));
            if (!difference)
                continue;
            m_decision.replaced.push_back(run);
            m_decision.replacedRows += run.rows;
            m_decision.present -= run.rows;
        }
        std::ranges::sort(m_decision.replaced, {}, &RowRun::targetRow);
        return Status::ok();
    }

    const PlanRequest &m_request;
    const AppendOptions &m_options;
    const Site &m_site;
    Storage &m_storage;
    LoggedSlices &m_log;
    const Slice &m_slice;
    CubeState &m_cube;
    TargetValues &m_values;
    const std::vector<Match> &m_matches;
    RowDecision m_decision{};
};

}  // namespace

Result<RowDecision> decideRows(const PlanRequest &request, CubeState &cube,
                               TargetValues &values,
                               const std::vector<Match> &matches)
{
    return Decider(request, cube, values, matches).decide();
}

}  // namespace mdimappend
