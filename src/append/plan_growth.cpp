// Compares a slice with the cube, decides its rows, and lets the arrays grow.

#include "append/plan_growth.h"

#include "append/duplicates.h"
#include "append/plan_checks.h"
#include "append/plan_slabs.h"
#include "cube/array_encoding.h"
#include "cube/encoding_check.h"
#include "cube/label_match.h"
#include "cube/target_attributes.h"
#include "guards/array_guard.h"
#include "guards/coordinate_guard.h"
#include "guards/label_doubts.h"
#include "guards/static_guard.h"
#include "guards/target_values.h"

#include <algorithm>
#include <utility>

namespace mdimappend
{

namespace
{

class GrowthPlanner
{
  public:
    GrowthPlanner(const PlanRequest &request, CubeState &cube, AppendPlan &plan)
        : m_request(request), m_options(request.options),
          m_slice(request.slice), m_cube(cube), m_target(cube.target),
          m_plan(plan)
    {
    }

    Status plan()
    {
        if (m_target.appendDim.empty())
            return refused("it is not clear along which dimension to append; "
                           "name it with --append-dim.");
        MDIMAPPEND_RETURN_IF_ERROR(
            checkEncodings(m_options, m_target, m_slice));
        MDIMAPPEND_ASSIGN(GuardReport guards,
                          checkArrays(m_target, m_slice, m_options));
        m_plan.ignoredArrays = guards.ignoredArrays;
        m_plan.warnings = guards.warnings;
        TargetValues values(m_request.site, m_request.storage, m_target);
        if (!m_options.ignoreCoordinates)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkCoordinates(m_options, m_slice, values, m_cube));
        MDIMAPPEND_RETURN_IF_ERROR(checkStatic(values));
        MDIMAPPEND_ASSIGN(
            m_rows, decideRows(m_request, m_cube, values, guards.matches));
        describeRows();
        m_plan.after = m_cube;
        if (m_plan.isEmpty() || m_plan.needsCommit)
            return Status::ok();
        if (m_rows.rows > 0)
            MDIMAPPEND_RETURN_IF_ERROR(checkDependents());
        MDIMAPPEND_RETURN_IF_ERROR(growArrays(guards.matches));
        return changeAttributes(values);
    }

  private:
    /// Groups that have their labels in one that grows have to grow with it.
    Status checkDependents() const
    {
        for (const auto &group : m_target.dependents)
        {
            const auto &together = m_request.together;
            if (std::ranges::find(together, group) == together.end())
                return refused(
                    "the group '/" + group +
                    "' of the target has its labels in '/" +
                    m_request.site.group +
                    "', and would not grow with it. Append to both at once, "
                    "with --groups.");
        }
        return Status::ok();
    }

    Status checkStatic(TargetValues &values)
    {
        MDIMAPPEND_ASSIGN(
            m_plan.ignoredStatic,
            staticDifferences(m_options, m_slice, values, m_cube));
        return m_plan.ignoredStatic.empty() || m_options.ignoreStatic
                   ? Status::ok()
                   : refuseStatic(m_plan.ignoredStatic, m_target.appendDim);
    }

    void describeRows()
    {
        m_plan.firstRow = m_target.size;
        m_plan.rows = m_rows.rows;
        m_plan.replacedRows = m_rows.replacedRows;
        m_plan.labelled = std::move(m_rows.labelled);
        m_plan.rowRuns = m_rows.replaced;
        if (m_rows.rows > 0)
            m_plan.rowRuns.push_back(newRows());
        m_plan.rowsAlreadyThere = m_rows.present;
        nameLabels(m_plan, m_rows.labels, firstWritten());
        m_plan.needsCommit = m_rows.needsCommit;
        m_plan.broughtBy = m_rows.broughtBy;
    }

    RowRun newRows() const
    {
        return {m_rows.firstNew, m_target.size, m_rows.rows};
    }

    /// The slice's first row that is written, or else its first.
    std::size_t firstWritten() const
    {
        if (m_rows.replaced.empty())
            return m_rows.rows == 0 ? 0
                                    : static_cast<std::size_t>(m_rows.firstNew);
        auto first = m_rows.replaced.front().sliceRow;
        for (const auto &run : m_rows.replaced)
            first = std::min(first, run.sliceRow);
        return static_cast<std::size_t>(first);
    }

    Status growArrays(const std::vector<Match> &matches)
    {
        if (const auto *array = m_target.labels(); array && m_rows.rows > 0)
            MDIMAPPEND_RETURN_IF_ERROR(growLabels(*array));
        for (const auto &match : matches)
            MDIMAPPEND_RETURN_IF_ERROR(growArray(match));
        MDIMAPPEND_ASSIGN(m_plan.intent.next,
                          grownDocuments(m_target, m_growths));
        orderGrowth();
        // Documents that stay as they are must still be so at the decision.
        for (const auto &key : m_plan.intent.order)
            m_plan.intent.next.try_emplace(key, m_target.documents.at(key));
        growCube();
        return Status::ok();
    }

    Status growLabels(const TargetArray &array)
    {
        Labels added = m_rows.labels;
        added.values.erase(added.values.begin(),
                           added.values.begin() +
                               static_cast<std::ptrdiff_t>(m_rows.firstNew));
        for (auto &doubt : farDates(m_slice, added))
            m_plan.warnings.push_back(std::move(doubt));
        const auto index =
            static_cast<std::size_t>(&array - m_target.arrays.data());
        MDIMAPPEND_ASSIGN(Slab slab, grow(index, {newRows()}));
        if (!m_slice.labelsLike())
            MDIMAPPEND_RETURN_IF_ERROR(fillFromLabels(slab, added, array));
        m_plan.slabs.push_back(std::move(slab));
        return Status::ok();
    }

    Status growArray(const Match &match)
    {
        // An array that nobody brings keeps the rows it has.
        auto runs = match.sliceArray ? m_rows.replaced : std::vector<RowRun>();
        if (m_rows.rows > 0)
            runs.push_back(newRows());
        MDIMAPPEND_ASSIGN(Slab slab, grow(match.targetArray, std::move(runs)));
        slab.sliceArray = match.sliceArray;
        if (match.sliceArray)
            slab.sliceBlock = m_slice.arrays()[*match.sliceArray].block;
        else
            slab.constant = match.fill;
        slab.conversion = match.conversion;
        m_plan.slabs.push_back(std::move(slab));
        return Status::ok();
    }

    Result<Slab> grow(std::size_t index, std::vector<RowRun> runs)
    {
        const auto &array = m_target.arrays[index];
        const auto &document = array.document;
        const auto axis = *array.axis;
        Extent shape = document.shape;
        shape[axis] = m_target.size + m_rows.rows;
        if (m_rows.rows > 0)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkAlignment(m_options, array, m_target.size, shape[axis]));
        std::vector<RowRange> ranges;
        for (const auto &run : runs)
            ranges.push_back({run.targetRow, run.targetRow + run.rows});
        auto boxes = touchedBoxes(document.shape, document.chunk, axis, ranges);
        MDIMAPPEND_RETURN_IF_ERROR(
            checkShards(m_options, m_cube, m_rows, array, boxes));
        m_growths.push_back({document.path, shape});
        Slab slab =
            planArray(m_plan, array, std::move(boxes), document.shape, shape);
        slab.runs = std::move(runs);
        return slab;
    }

    /// Data arrays, then index variables, then consolidated copies, the root's
    /// last.
    void orderGrowth()
    {
        auto &order = m_plan.intent.order;
        const char *document =
            m_target.format == ZarrFormat::V2 ? "/.zarray" : "/zarr.json";
        const auto *labels = m_target.labels();
        for (const auto &growth : m_growths)
        {
            if (!labels || growth.path != labels->document.path)
                order.push_back(growth.path + document);
        }
        m_plan.intent.atOnce = order.size();
        if (labels)
            order.push_back(labels->document.path + document);
        for (auto copy = m_target.consolidated.rbegin();
             copy != m_target.consolidated.rend(); ++copy)
            order.push_back(copy->key);
    }

    /// Makes the cube as the next slice of a batch finds it.
    void growCube()
    {
        auto &grown = m_plan.after.target;
        for (const auto &[key, bytes] : m_plan.intent.next)
            grown.documents[key] = bytes;
        for (auto &array : grown.arrays)
        {
            for (const auto &growth : m_growths)
            {
                if (growth.path == array.document.path)
                    array.document.shape = growth.shape;
            }
        }
        grown.size += m_plan.rows;
        addLabels();
    }

    void addLabels()
    {
        const auto &labels = m_rows.labels;
        if (labels.values.empty())
            return;
        auto &known = m_plan.after.labels;
        const auto two = std::min<std::size_t>(known.size(), 2);
        const auto added =
            labels.values.size() - static_cast<std::size_t>(m_rows.firstNew);
        known.add(labels, static_cast<std::size_t>(m_rows.firstNew));
        auto &ordered = m_plan.after.labelsOrdered;
        ordered = ordered && isOrdered(known.last(added + two));
    }

    Status changeAttributes(TargetValues &values)
    {
        if (!mayChangeAttributes(m_options))
            return Status::ok();
        // Templates may name any.
        MDIMAPPEND_RETURN_IF_ERROR(readCoordinates(values, m_cube));
        m_plan.after.coordinates = m_cube.coordinates;
        MDIMAPPEND_ASSIGN(const Json present,
                          presentAttributes(m_target, m_request.site.group));
        return setAttributes(m_options, m_request.site, m_slice, present, false,
                             m_plan.after, m_plan.intent);
    }

    const PlanRequest &m_request;
    const AppendOptions &m_options;
    const Slice &m_slice;
    CubeState &m_cube;
    const Target &m_target;
    AppendPlan &m_plan;
    RowDecision m_rows;
    std::vector<Growth> m_growths;
};

}  // namespace

Status planGrowth(const PlanRequest &request, CubeState &cube, AppendPlan &plan)
{
    return GrowthPlanner(request, cube, plan).plan();
}

}  // namespace mdimappend
