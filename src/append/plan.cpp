#include "append/plan.h"

#include "append/duplicates.h"
#include "chunks/chunk_grid.h"
#include "cube/array_conversion.h"
#include "cube/array_encoding.h"
#include "cube/encoding_check.h"
#include "cube/label_match.h"
#include "cube/new_target.h"
#include "cube/target_attributes.h"
#include "guards/array_guard.h"
#include "guards/coordinate_guard.h"
#include "guards/step_guard.h"
#include "guards/target_values.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

std::string labelText(const Labels &labels, std::size_t position)
{
    return position < labels.values.size() ? labels.describe(position)
                                           : std::string();
}

/// Plans one slice's append to one target. Reads, never writes.
class Planner
{
  public:
    Planner(const AppendOptions &options, const Site &site, Storage &storage,
            const Slice &slice, CubeState cube)
        : m_options(options), m_site(site), m_storage(storage), m_slice(slice),
          m_cube(std::move(cube)), m_target(m_cube.target)
    {
    }

    Result<AppendPlan> plan()
    {
        if (m_target.exists)
            MDIMAPPEND_RETURN_IF_ERROR(planGrowth());
        else
            MDIMAPPEND_RETURN_IF_ERROR(planCreation());
        MDIMAPPEND_RETURN_IF_ERROR(checkExtent());
        MDIMAPPEND_RETURN_IF_ERROR(planDeletions());
        m_plan.after = std::move(m_cube);
        return std::move(m_plan);
    }

  private:
    Status planCreation()
    {
        m_plan.create = true;
        m_plan.rows = m_slice.size();
        const Slice *like = m_slice.labelsLike();
        MDIMAPPEND_ASSIGN(Labels labels, sliceLabels(like ? *like : m_slice));
        if (m_slice.givenLabel())
        {
            const auto &text = m_slice.givenLabel()->text;
            MDIMAPPEND_ASSIGN(labels, parseLabel(text, formForNewLabel(text)));
        }
        if (!like)
        {
            MDIMAPPEND_RETURN_IF_ERROR(
                matchLabels(Labels{}, labels, m_options.step.descending())
                    .status());
            MDIMAPPEND_RETURN_IF_ERROR(
                checkStep(m_options.step, Labels{}, labels, 0));
        }
        MDIMAPPEND_ASSIGN(
            NewTarget model,
            modelNewTarget(m_slice, m_options, m_site, labels, m_target));
        MDIMAPPEND_ASSIGN(labels, inCalendarOf(model.target, labels));
        if (!like)
            nameLabels(labels, 0);
        for (const auto &array : model.target.arrays)
            MDIMAPPEND_RETURN_IF_ERROR(
                createArray(model.target, array, labels));
        m_plan.intent.next = std::move(model.documents);
        m_plan.intent.order = std::move(model.order);
        m_cube.target = std::move(model.target);
        m_cube.labels = std::move(labels);
        m_cube.labelsKnown = true;
        m_cube.labelsOrdered = isOrdered(m_cube.labels);
        MDIMAPPEND_RETURN_IF_ERROR(keepCoordinates(m_options, m_slice, m_cube));
        MDIMAPPEND_RETURN_IF_ERROR(setAttributes(
            m_options, m_site, m_slice, Json(), m_cube, m_plan.intent));
        keepBase();
        return Status::ok();
    }

    Status createArray(const Target &target, const TargetArray &array,
                       const Labels &labels)
    {
        const auto &document = array.document;
        if (array.axis)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkAlignment(array, 0, m_slice.size()));
        const auto boxes = allChunks(document.shape, document.chunk);
        Slab slab =
            slabFor(array, Extent(document.rank(), 0), document.shape, boxes);
        slab.runs = {{0, 0, m_slice.size()}};
        addViewArray(document, boxes, document.shape);
        const bool isLabels = &array == target.labels();
        if (isLabels && labels.kind != Labels::Kind::None)
        {
            if (!m_slice.labelsLike())
                MDIMAPPEND_RETURN_IF_ERROR(
                    fillFromLabels(slab, labels, labelForm(array)));
        }
        else
        {
            const auto &arrays = m_slice.arrays();
            const auto found =
                std::ranges::find(arrays, array.name, &SliceArray::name);
            slab.sliceArray = static_cast<std::size_t>(found - arrays.begin());
            slab.sliceBlock = found->block;
            auto conversion =
                conversionFor(target, array, m_slice, *found, m_options);
            if (!conversion)
                return conversion.takeStatus().prefixed("array '" + array.name +
                                                        "'");
            slab.conversion = std::move(*conversion);
        }
        m_plan.slabs.push_back(std::move(slab));
        return Status::ok();
    }

    Status planGrowth()
    {
        if (m_target.appendDim.empty())
            return refused("it is not clear along which dimension to append; "
                           "name it with --append-dim.");
        MDIMAPPEND_RETURN_IF_ERROR(
            checkEncodings(m_options, m_target, m_slice));
        MDIMAPPEND_ASSIGN(GuardReport guards,
                          checkArrays(m_target, m_slice, m_options));
        m_plan.ignoredArrays = guards.ignoredArrays;
        TargetValues values(m_site, m_storage, m_target);
        if (!m_options.ignoreCoordinates)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkCoordinates(m_options, m_slice, values, m_cube));
        MDIMAPPEND_ASSIGN(m_rows,
                          decideRows(m_options, m_site, m_storage, m_slice,
                                     m_cube, values, guards.matches));
        m_plan.firstRow = m_target.size;
        m_plan.rows = m_rows.rows;
        m_plan.replacedRows = m_rows.replacedRows;
        m_plan.rowsAlreadyThere = m_rows.present;
        nameLabels(m_rows.labels, firstWritten());
        m_plan.needsCommit = m_rows.needsCommit;
        if (m_plan.isEmpty() || m_plan.needsCommit)
            return Status::ok();

        std::vector<Growth> growths;
        if (const auto *array = m_target.labels(); array && m_rows.rows > 0)
            MDIMAPPEND_RETURN_IF_ERROR(growLabels(*array, growths));
        for (const auto &match : guards.matches)
            MDIMAPPEND_RETURN_IF_ERROR(growArray(match, growths));
        MDIMAPPEND_ASSIGN(m_plan.intent.next,
                          grownDocuments(m_target, growths));
        orderGrowth(growths);
        // Documents that stay as they are must still be so at the decision.
        for (const auto &key : m_plan.intent.order)
            m_plan.intent.next.try_emplace(key, m_target.documents.at(key));
        growCube(growths);
        if (mayChangeAttributes(m_options))
        {
            // Templates may name any.
            MDIMAPPEND_RETURN_IF_ERROR(readCoordinates(values, m_cube));
            MDIMAPPEND_ASSIGN(const Json present,
                              presentAttributes(m_target, m_site.group));
            MDIMAPPEND_RETURN_IF_ERROR(setAttributes(
                m_options, m_site, m_slice, present, m_cube, m_plan.intent));
        }
        keepBase();
        return Status::ok();
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

    Status growLabels(const TargetArray &array, std::vector<Growth> &growths)
    {
        Labels added = m_rows.labels;
        added.values.erase(added.values.begin(),
                           added.values.begin() +
                               static_cast<std::ptrdiff_t>(m_rows.firstNew));
        const auto index =
            static_cast<std::size_t>(&array - m_target.arrays.data());
        MDIMAPPEND_ASSIGN(Slab slab,
                          grow(index,
                               {{m_rows.firstNew, m_target.size, m_rows.rows}},
                               growths));
        if (!m_slice.labelsLike())
            MDIMAPPEND_RETURN_IF_ERROR(
                fillFromLabels(slab, added, labelForm(array)));
        m_plan.slabs.push_back(std::move(slab));
        return Status::ok();
    }

    Status growArray(const Match &match, std::vector<Growth> &growths)
    {
        // An array that nobody brings keeps the rows it has.
        auto runs = match.sliceArray ? m_rows.replaced : std::vector<RowRun>();
        if (m_rows.rows > 0)
            runs.push_back({m_rows.firstNew, m_target.size, m_rows.rows});
        MDIMAPPEND_ASSIGN(Slab slab,
                          grow(match.targetArray, std::move(runs), growths));
        slab.sliceArray = match.sliceArray;
        if (match.sliceArray)
            slab.sliceBlock = m_slice.arrays()[*match.sliceArray].block;
        else
            slab.constant = match.fill;
        slab.conversion = match.conversion;
        m_plan.slabs.push_back(std::move(slab));
        return Status::ok();
    }

    Result<Slab> grow(std::size_t index, std::vector<RowRun> runs,
                      std::vector<Growth> &growths)
    {
        const auto &array = m_target.arrays[index];
        const auto &document = array.document;
        const auto axis = *array.axis;
        Extent shape = document.shape;
        shape[axis] = m_target.size + m_rows.rows;
        if (m_rows.rows > 0)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkAlignment(array, m_target.size, shape[axis]));
        std::vector<RowRange> ranges;
        for (const auto &run : runs)
            ranges.push_back({run.targetRow, run.targetRow + run.rows});
        const auto boxes =
            touchedBoxes(document.shape, document.chunk, axis, ranges);
        MDIMAPPEND_RETURN_IF_ERROR(checkShards(array, boxes));
        addViewArray(document, boxes, shape);
        growths.push_back({document.path, shape});
        Slab slab = slabFor(array, document.shape, shape, boxes);
        slab.runs = std::move(runs);
        return slab;
    }

    Status checkAlignment(const TargetArray &array, std::uint64_t before,
                          std::uint64_t size) const
    {
        const auto rows = array.document.chunk[*array.axis];
        const bool aligned = before % rows == 0 && size % rows == 0;
        if (!m_options.requireAligned || array.document.rank() < 2 || aligned)
            return Status::ok();
        return refused("array '" + array.name + "': rows " +
                       std::to_string(before) + " to " + std::to_string(size) +
                       " do not fill whole chunks of " + std::to_string(rows) +
                       " (--require-aligned).");
    }

    Status checkShards(const TargetArray &array,
                       const TouchedBoxes &boxes) const
    {
        const auto &document = array.document;
        if (!document.sharded || m_options.mergeShards)
            return Status::ok();
        const auto rows = document.chunk[*array.axis];
        if (m_rows.replacedRows > 0 && !boxes.replaced.empty())
            return refused("array '" + array.name +
                           "': replacing steps would replace shards, and a "
                           "reader could fail at that moment. --merge-shards "
                           "allows it.");
        // A shard that this commit began is nobody's to read yet.
        const bool isRead = m_cube.committedRows % rows != 0 &&
                            m_target.size / rows == m_cube.committedRows / rows;
        if (!isRead || boxes.replaced.empty())
            return Status::ok();
        return refused("array '" + array.name +
                       "': the append would replace a "
                       "partly filled shard (" +
                       std::to_string(m_target.size % rows) + " of " +
                       std::to_string(rows) +
                       " rows), and a reader could fail at that moment. "
                       "--merge-shards allows it.");
    }

    static Slab slabFor(const TargetArray &array, const Extent &committed,
                        const Extent &shape, const TouchedBoxes &boxes)
    {
        Slab slab;
        slab.path = array.document.path;
        slab.boxes = boxes.replaced;
        slab.boxes.insert(slab.boxes.end(), boxes.added.begin(),
                          boxes.added.end());
        slab.axis = array.axis;
        slab.committed = committed;
        slab.shape = shape;
        slab.conversion = Conversion::none(array.document.dataType.size);
        return slab;
    }

    void addViewArray(const ArrayDocument &document, const TouchedBoxes &boxes,
                      const Extent &shape)
    {
        m_plan.intent.arrays.push_back(
            {{document.path, document.keys, boxes.added, boxes.replaced},
             document,
             paddedShape(shape, document.chunk)});
    }

    static Status fillFromLabels(Slab &slab, const Labels &labels,
                                 const LabelForm &form)
    {
        MDIMAPPEND_ASSIGN(auto stored, storeLabels(labels, form));
        slab.memory = std::move(stored.elements);
        slab.memoryStrings = std::move(stored.texts);
        return Status::ok();
    }

    void nameLabels(const Labels &labels, std::size_t first)
    {
        m_plan.firstLabel = labelText(labels, first);
        if (!labels.values.empty())
            m_plan.lastLabel = labelText(labels, labels.values.size() - 1);
    }

    /// Data arrays, then index variables, then consolidated copies, the root's
    /// last.
    void orderGrowth(const std::vector<Growth> &growths)
    {
        auto &order = m_plan.intent.order;
        const char *document =
            m_target.format == ZarrFormat::V2 ? "/.zarray" : "/zarr.json";
        const auto *labels = m_target.labels();
        for (const auto &growth : growths)
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

    /// The cube as the next slice of a batch finds it.
    void growCube(const std::vector<Growth> &growths)
    {
        Target grown = m_target;
        for (const auto &[key, bytes] : m_plan.intent.next)
            grown.documents[key] = bytes;
        for (auto &array : grown.arrays)
        {
            for (const auto &growth : growths)
            {
                if (growth.path == array.document.path)
                    array.document.shape = growth.shape;
            }
        }
        grown.size += m_plan.rows;
        m_cube.target = std::move(grown);
        const auto &labels = m_rows.labels.values;
        auto &known = m_cube.labels.values;
        if (labels.empty())
            return;
        const auto two = std::min<std::size_t>(known.size(), 2);
        known.insert(known.end(),
                     labels.begin() +
                         static_cast<std::ptrdiff_t>(m_rows.firstNew),
                     labels.end());
        const auto added = labels.size() - m_rows.firstNew;
        const Labels end{
            m_cube.labels.kind,
            m_cube.labels.encoding,
            {known.end() - static_cast<std::ptrdiff_t>(added + two),
             known.end()}};
        m_cube.labelsOrdered = m_cube.labelsOrdered && isOrdered(end);
    }

    /// A record is kept of each chunk until the commit, and arrays of 2^63
    /// elements cannot be opened.
    Status checkExtent() const
    {
        constexpr std::uint64_t mostChunks = std::uint64_t{1} << 25;
        constexpr auto mostElements = std::uint64_t{1} << 63;
        std::uint64_t chunks = 0;
        for (const auto &array : m_plan.intent.arrays)
        {
            std::uint64_t elements = 1;
            for (const auto size : array.paddedShape)
            {
                if (__builtin_mul_overflow(elements, size, &elements) ||
                    elements >= mostElements)
                    return refused("array '" + array.document.path +
                                   "' would have 2^63 elements or more.");
            }
            for (const auto *boxes :
                 {&array.planned.added, &array.planned.replaced})
                for (const auto &box : *boxes)
                    chunks += std::min(box.count(), mostChunks + 1);
            if (chunks > mostChunks)
                return refused(
                    "array '" + array.document.path +
                    "': it would bring more than " +
                    std::to_string(mostChunks) +
                    " chunks in one commit. Append smaller slices, or make a "
                    "target of larger chunks.");
        }
        return Status::ok();
    }

    /// Tile-presence caches that would hide new chunks.
    Status planDeletions()
    {
        for (const auto &array : m_plan.intent.arrays)
        {
            for (const char *cache : {"/.zarray.gmac", "/zarr.json.gmac"})
            {
                const auto key = array.planned.path + cache;
                // One request removes them all, one for each would look.
                if (m_storage.waitsForAnswers())
                {
                    const bool isV3 = array.document.format == ZarrFormat::V3;
                    if (isV3 == (std::string_view(cache) == "/zarr.json.gmac"))
                        m_plan.intent.deletions.push_back(key);
                    continue;
                }
                MDIMAPPEND_ASSIGN(const auto state,
                                  m_storage.state(m_site.object(key)));
                if (state)
                    m_plan.intent.deletions.push_back(key);
            }
        }
        return Status::ok();
    }

    void keepBase()
    {
        const Documents &documents = m_target.documents;
        for (const auto &key : m_plan.intent.order)
        {
            const auto found = documents.find(key);
            if (found != documents.end())
                m_plan.intent.base[key] = found->second;
        }
    }

    const AppendOptions &m_options;
    const Site &m_site;
    Storage &m_storage;
    const Slice &m_slice;
    CubeState m_cube;
    const Target m_target;  ///< the cube's, as it was
    AppendPlan m_plan;
    RowDecision m_rows;
};

}  // namespace

Result<AppendPlan> planAppend(const AppendOptions &options, const Site &site,
                              Storage &storage, const Slice &slice,
                              CubeState cube)
{
    return Planner(options, site, storage, slice, std::move(cube)).plan();
}

}  // namespace mdimappend
