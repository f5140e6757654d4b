#include "append/plan.h"

#include "append/chunk_grid.h"
#include "append/guards.h"
#include "append/new_target.h"
#include "append/target_values.h"
#include "journal/log.h"

#include <algorithm>
#include <filesystem>

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
        MDIMAPPEND_RETURN_IF_ERROR(planDeletions());
        m_plan.after = std::move(m_cube);
        return std::move(m_plan);
    }

  private:
    Status planCreation()
    {
        m_plan.create = true;
        m_plan.rows = m_slice.size();
        std::optional<LabelForm> form;
        MDIMAPPEND_ASSIGN(Labels labels, sliceLabels(m_slice));
        if (m_slice.givenLabel())
        {
            form = formForNewLabel(m_slice.givenLabel()->text);
            MDIMAPPEND_ASSIGN(labels,
                              parseLabel(m_slice.givenLabel()->text, *form));
        }
        MDIMAPPEND_RETURN_IF_ERROR(matchLabels(Labels{}, labels).status());
        nameLabels(labels, 0);

        MDIMAPPEND_ASSIGN(
            NewTarget model,
            modelNewTarget(m_slice, m_options, m_site, form, m_target));
        const auto &arrays = model.target.arrays;
        for (const auto &array : arrays)
        {
            const auto &document = array.document;
            const auto boxes = allChunks(document.shape, document.chunk);
            Slab slab = slabFor(array, Extent(document.rank(), 0),
                                document.shape, boxes);
            slab.rows = m_slice.size();
            addViewArray(document, boxes, document.shape);
            if (form && array.name == m_slice.appendDim())
                MDIMAPPEND_RETURN_IF_ERROR(fillFromLabels(slab, labels, *form));
            else
                takeFromSlice(slab, array.name,
                              Conversion::none(document.dataType.size));
            m_plan.slabs.push_back(std::move(slab));
        }
        m_plan.intent.next = std::move(model.documents);
        m_plan.intent.order = std::move(model.order);
        keepBase();
        m_cube.target = std::move(model.target);
        m_cube.labels = std::move(labels);
        m_cube.labelsKnown = true;
        return keepCoordinates();
    }

    Status planGrowth()
    {
        if (m_target.appendDim.empty())
            return refused("it is not clear along which dimension to append; "
                           "name it with --append-dim.");
        MDIMAPPEND_ASSIGN(GuardReport guards, checkArrays(m_target, m_slice));
        m_plan.ignoredArrays = guards.ignoredArrays;
        TargetValues values(m_site, m_storage, m_target);
        if (!m_options.ignoreCoordinates)
            MDIMAPPEND_RETURN_IF_ERROR(checkCoordinates(values));
        MDIMAPPEND_ASSIGN(const Labels labels, newLabels(values, guards));
        m_plan.firstRow = m_target.size;
        if (m_plan.rows == 0)
            return Status::ok();

        std::vector<Growth> growths;
        if (const auto *array = m_target.labels())
            MDIMAPPEND_RETURN_IF_ERROR(growLabels(*array, labels, growths));
        for (const auto &match : guards.matches)
            MDIMAPPEND_RETURN_IF_ERROR(growArray(match, growths));
        MDIMAPPEND_ASSIGN(m_plan.intent.next,
                          grownDocuments(m_target, growths));
        orderGrowth(growths);
        keepBase();
        growCube(growths, labels);
        return Status::ok();
    }

    bool isCoordinate(const SliceArray &array) const
    {
        return array.shape.size() == 1 && array.dimensions[0] == array.name &&
               array.name != m_slice.appendDim();
    }

    Status checkCoordinates(TargetValues &values)
    {
        for (std::size_t i = 0; i < m_slice.arrays().size(); ++i)
        {
            const auto &offered = m_slice.arrays()[i];
            const auto *present = m_target.find(offered.name);
            if (!isCoordinate(offered) || !present ||
                present->document.rank() != 1)
                continue;
            auto known = m_cube.coordinates.find(offered.name);
            if (known == m_cube.coordinates.end())
            {
                MDIMAPPEND_ASSIGN(auto read,
                                  values.coordinate(static_cast<std::size_t>(
                                      present - m_target.arrays.data())));
                known =
                    m_cube.coordinates.emplace(offered.name, std::move(read))
                        .first;
            }
            MDIMAPPEND_ASSIGN(const auto found, sliceCoordinate(m_slice, i));
            MDIMAPPEND_RETURN_IF_ERROR(
                checkCoordinate(offered.name, known->second, found));
        }
        return Status::ok();
    }

    /// What the next slice of the batch is compared with.
    Status keepCoordinates()
    {
        for (std::size_t i = 0; i < m_slice.arrays().size(); ++i)
        {
            const auto &array = m_slice.arrays()[i];
            if (isCoordinate(array))
            {
                MDIMAPPEND_ASSIGN(m_cube.coordinates[array.name],
                                  sliceCoordinate(m_slice, i));
            }
        }
        return Status::ok();
    }

    /// The slice's labels in the target's terms; sets which rows are new.
    Result<Labels> newLabels(TargetValues &values, const GuardReport &guards)
    {
        m_plan.rows = m_slice.size();
        const auto *array = m_target.labels();
        if (!array)
        {
            MDIMAPPEND_RETURN_IF_ERROR(skipLoggedSlice());
            return Labels{};
        }
        if (!m_cube.labelsKnown)
        {
            MDIMAPPEND_ASSIGN(m_cube.labels, values.labels());
            m_cube.labelsKnown = true;
        }
        const Labels &present = m_cube.labels;
        MDIMAPPEND_ASSIGN(Labels offered, sliceLabels(m_slice));
        if (m_slice.givenLabel())
        {
            MDIMAPPEND_ASSIGN(offered, parseLabel(m_slice.givenLabel()->text,
                                                  labelForm(*array)));
        }
        if (offered.kind == Labels::Kind::None)
            return refused("it has no labels: the target has an array '" +
                           array->name + "' along '" + m_target.appendDim +
                           "'. Give one with --label.");
        MDIMAPPEND_ASSIGN(offered, alignCalendars(std::move(offered), present));
        MDIMAPPEND_ASSIGN(const LabelMatch match,
                          matchLabels(present, offered));
        for (const auto &[sliceRow, targetRow] : match.present)
        {
            if (targetRow >= m_cube.committedRows)
                return refused(
                    "the label " +
                    offered.describe(static_cast<std::size_t>(sliceRow)) +
                    " was brought by another slice of this commit.");
        }
        if (!match.present.empty())
        {
            MDIMAPPEND_ASSIGN(
                const auto difference,
                values.firstDifference(m_slice, guards.matches, match.present));
            if (difference)
                return refused(
                    "the label " +
                    offered.describe(
                        static_cast<std::size_t>(match.present.front().first)) +
                    " is in the target already, with other values in " +
                    *difference + ".");
        }
        m_plan.rowsAlreadyThere = match.present.size();
        m_firstNew = match.firstNew;
        m_plan.rows = m_slice.size() - m_firstNew;
        nameLabels(offered,
                   m_plan.rows == 0 ? 0 : static_cast<std::size_t>(m_firstNew));
        return offered;
    }

    /// Without labels only the log can tell that a slice is in already.
    Status skipLoggedSlice()
    {
        MDIMAPPEND_ASSIGN(const auto last, lastSequence(m_storage, m_site));
        for (std::uint64_t sequence = 1; sequence <= last; ++sequence)
        {
            MDIMAPPEND_ASSIGN(const auto record,
                              readLogRecord(m_storage, m_site, sequence));
            if (!record || record->value("group", "") != m_site.group)
                continue;
            for (const auto &slice : record->value("slices", Json::array()))
            {
                if (slice.value("path", "") == canonicalPath(m_slice.name()) &&
                    slice.value("state", "") == m_slice.fingerprint())
                {
                    m_plan.rowsAlreadyThere = m_plan.rows;
                    m_plan.rows = 0;
                    return Status::ok();
                }
            }
        }
        return Status::ok();
    }

    Status growLabels(const TargetArray &array, const Labels &labels,
                      std::vector<Growth> &growths)
    {
        Labels added = labels;
        added.values.erase(added.values.begin(),
                           added.values.begin() +
                               static_cast<std::ptrdiff_t>(m_firstNew));
        const auto index =
            static_cast<std::size_t>(&array - m_target.arrays.data());
        MDIMAPPEND_ASSIGN(Slab slab, grow(index, growths));
        MDIMAPPEND_RETURN_IF_ERROR(
            fillFromLabels(slab, added, labelForm(array)));
        m_plan.slabs.push_back(std::move(slab));
        return Status::ok();
    }

    Status growArray(const Match &match, std::vector<Growth> &growths)
    {
        MDIMAPPEND_ASSIGN(Slab slab, grow(match.targetArray, growths));
        slab.sliceArray = match.sliceArray;
        slab.sliceRow = m_firstNew;
        slab.sliceBlock = m_slice.arrays()[match.sliceArray].block;
        slab.conversion = match.conversion;
        m_plan.slabs.push_back(std::move(slab));
        return Status::ok();
    }

    Result<Slab> grow(std::size_t index, std::vector<Growth> &growths)
    {
        const auto &array = m_target.arrays[index];
        const auto &document = array.document;
        const auto axis = *array.axis;
        Extent shape = document.shape;
        shape[axis] = m_target.size + m_plan.rows;
        const auto boxes =
            growthBoxes(document.shape, document.chunk, axis, shape[axis]);
        const bool aligned = m_target.size % document.chunk[axis] == 0 &&
                             shape[axis] % document.chunk[axis] == 0;
        if (m_options.requireAligned && document.rank() > 1 && !aligned)
            return refused(
                "array '" + array.name + "': rows " +
                std::to_string(m_target.size) + " to " +
                std::to_string(shape[axis]) + " do not fill whole chunks of " +
                std::to_string(document.chunk[axis]) + " (--require-aligned).");
        // A shard that this commit began is nobody's to read yet.
        const bool isRead = m_cube.committedRows % document.chunk[axis] != 0 &&
                            m_target.size / document.chunk[axis] ==
                                m_cube.committedRows / document.chunk[axis];
        if (document.sharded && isRead && !boxes.replaced.empty() &&
            !m_options.mergeShards)
            return refused(
                "array '" + array.name +
                "': the append would replace a "
                "partly filled shard (" +
                std::to_string(m_target.size % document.chunk[axis]) + " of " +
                std::to_string(document.chunk[axis]) +
                " rows), and a reader could fail at that moment. "
                "--merge-shards allows it.");
        addViewArray(document, boxes, shape);
        growths.push_back({document.path, shape});
        Slab slab = slabFor(array, document.shape, shape, boxes);
        slab.firstRow = m_target.size;
        slab.rows = m_plan.rows;
        return slab;
    }

    static Slab slabFor(const TargetArray &array, const Extent &committed,
                        const Extent &shape, const GrowthBoxes &boxes)
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

    void addViewArray(const ArrayDocument &document, const GrowthBoxes &boxes,
                      const Extent &shape)
    {
        m_plan.intent.arrays.push_back(
            {{document.path, document.keys, boxes.added, boxes.replaced},
             document,
             paddedShape(shape, document.chunk)});
    }

    void takeFromSlice(Slab &slab, const std::string &name,
                       Conversion conversion) const
    {
        const auto &arrays = m_slice.arrays();
        const auto found = std::find_if(arrays.begin(), arrays.end(),
                                        [&](const SliceArray &array)
                                        { return array.name == name; });
        slab.sliceArray = static_cast<std::size_t>(found - arrays.begin());
        slab.sliceBlock = found->block;
        slab.conversion = std::move(conversion);
    }

    static Status fillFromLabels(Slab &slab, const Labels &labels,
                                 const LabelForm &form)
    {
        if (!form.text)
        {
            MDIMAPPEND_ASSIGN(slab.memory, encodeLabels(labels, form));
            return Status::ok();
        }
        for (const auto &label : labels.values)
        {
            const auto *text = std::get_if<std::string>(&label);
            if (!text)
                return refused("its labels are numbers, the target's are "
                               "texts.");
            slab.memoryStrings.push_back(*text);
        }
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
        if (labels)
            order.push_back(labels->document.path + document);
        for (auto copy = m_target.consolidated.rbegin();
             copy != m_target.consolidated.rend(); ++copy)
            order.push_back(copy->key);
    }

    /// The cube as the next slice of a batch finds it.
    void growCube(const std::vector<Growth> &growths, const Labels &labels)
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
        auto &known = m_cube.labels;
        known.values.insert(known.values.end(),
                            labels.values.begin() +
                                static_cast<std::ptrdiff_t>(
                                    labels.values.empty() ? 0 : m_firstNew),
                            labels.values.end());
    }

    /// Tile-presence caches that would hide new chunks.
    Status planDeletions()
    {
        for (const auto &array : m_plan.intent.arrays)
        {
            for (const char *cache : {"/.zarray.gmac", "/zarr.json.gmac"})
            {
                const auto key = array.planned.path + cache;
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
    std::uint64_t m_firstNew = 0;
};

}  // namespace

std::string canonicalPath(const std::string &slice)
{
    std::error_code code;
    const auto path = std::filesystem::canonical(slice, code);
    return code ? slice : path.string();
}

Result<AppendPlan> planAppend(const AppendOptions &options, const Site &site,
                              Storage &storage, const Slice &slice,
                              CubeState cube)
{
    return Planner(options, site, storage, slice, std::move(cube)).plan();
}

}  // namespace mdimappend
