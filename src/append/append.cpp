#include "append/append.h"

#include "append/chunk_grid.h"
#include "append/guards.h"
#include "append/labels.h"
#include "append/new_target.h"
#include "append/pipeline.h"
#include "append/target.h"
#include "append/target_values.h"
#include "journal/log.h"
#include "slice/slice.h"
#include "transaction/recovery.h"
#include "transaction/transaction.h"
#include "transaction/writer.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

namespace mdimappend
{

namespace
{

/// All that one slice adds, once the guards have passed it.
struct AppendPlan
{
    Intent intent;
    std::vector<Slab> slabs;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;
    std::uint64_t rowsAlreadyThere = 0;
    std::string firstLabel;
    std::string lastLabel;
    bool create = false;
    std::vector<std::string> ignoredArrays;
};

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
            const Slice &slice)
        : m_options(options), m_site(site), m_storage(storage), m_slice(slice)
    {
    }

    Result<AppendPlan> plan()
    {
        MDIMAPPEND_ASSIGN(m_target,
                          readTarget(m_storage, m_site, m_slice.appendDim()));
        if (m_target.exists)
            MDIMAPPEND_RETURN_IF_ERROR(planGrowth());
        else
            MDIMAPPEND_RETURN_IF_ERROR(planCreation());
        m_plan.intent.logRecord = {
            {"group", m_site.group},
            {"append_dim", m_slice.appendDim()},
            {"first_row", m_plan.firstRow},
            {"rows", m_plan.rows},
            {"first_label", m_plan.firstLabel},
            {"last_label", m_plan.lastLabel},
            {"slices", Json::array({{{"name", m_slice.name()},
                                     {"state", m_slice.fingerprint()}}})},
            {"command", m_options.command},
            {"message", m_options.message}};
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
        for (std::size_t i = 0; i < arrays.size(); ++i)
        {
            const auto &document = arrays[i].document;
            Slab slab = slabFor(i, arrays[i], Extent(document.rank(), 0),
                                document.shape);
            slab.rows = m_slice.size();
            const auto boxes = allChunks(document.shape, document.chunk);
            addViewArray(document, boxes, document.shape);
            if (form && arrays[i].name == m_slice.appendDim())
                MDIMAPPEND_RETURN_IF_ERROR(fillFromLabels(slab, labels, *form));
            else
                takeFromSlice(slab, arrays[i].name,
                              Conversion::none(document.dataType.size));
            m_plan.slabs.push_back(std::move(slab));
        }
        m_plan.intent.next = std::move(model.documents);
        m_plan.intent.order = std::move(model.order);
        keepBase(m_target.documents);
        return Status::ok();
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
        keepBase(m_target.documents);
        return Status::ok();
    }

    Status checkCoordinates(TargetValues &values)
    {
        for (std::size_t i = 0; i < m_slice.arrays().size(); ++i)
        {
            const auto &offered = m_slice.arrays()[i];
            const auto *present = m_target.find(offered.name);
            const bool isCoordinate = offered.shape.size() == 1 &&
                                      offered.dimensions[0] == offered.name &&
                                      offered.name != m_target.appendDim;
            if (!isCoordinate || !present || present->document.rank() != 1)
                continue;
            MDIMAPPEND_ASSIGN(const auto expected,
                              values.coordinate(static_cast<std::size_t>(
                                  present - m_target.arrays.data())));
            MDIMAPPEND_ASSIGN(const auto found, sliceCoordinate(m_slice, i));
            MDIMAPPEND_RETURN_IF_ERROR(
                checkCoordinate(offered.name, expected, found));
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
        MDIMAPPEND_ASSIGN(const Labels present, values.labels());
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
                if (slice.value("name", "") == m_slice.name() &&
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
        if (document.sharded && !boxes.replaced.empty() &&
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
        Slab slab = slabFor(m_plan.intent.arrays.size() - 1, array,
                            document.shape, shape);
        slab.firstRow = m_target.size;
        slab.rows = m_plan.rows;
        return slab;
    }

    Slab slabFor(std::size_t number, const TargetArray &array,
                 const Extent &committed, const Extent &shape) const
    {
        Slab slab;
        slab.array = number;
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

    void keepBase(const Documents &documents)
    {
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
    Target m_target;
    AppendPlan m_plan;
    std::uint64_t m_firstNew = 0;
};

/// Tile-presence caches that would hide new chunks.
Status planDeletions(Storage &storage, const Site &site, Intent &intent)
{
    for (const auto &array : intent.arrays)
    {
        for (const char *cache : {"/.zarray.gmac", "/zarr.json.gmac"})
        {
            const auto key = array.planned.path + cache;
            MDIMAPPEND_ASSIGN(const auto state,
                              storage.state(site.object(key)));
            if (state)
                intent.deletions.push_back(key);
        }
    }
    return Status::ok();
}

class Run
{
  public:
    explicit Run(const AppendOptions &options) : m_options(options)
    {
        m_report.target = options.target;
    }

    Report run()
    {
        for (std::size_t i = 0; i < m_options.slices.size(); ++i)
        {
            m_number = i;
            // What is in already is passed over fast, but not forever.
            if (i > 0 && !reportProgress(0))
            {
                m_report.status = Status(
                    Failure::Interrupted,
                    "interrupted before slice '" + m_options.slices[i].name +
                        "'. Those before it are in.");
                break;
            }
            auto slice = appendSlice(m_options.slices[i]);
            m_report.slices.push_back(slice);
            if (slice.status)
                continue;
            if (m_report.status)
                m_report.status = slice.status;
            const auto kind = slice.status.kind();
            const bool passOver =
                m_options.keepGoing &&
                (kind == Failure::Unavailable || kind == Failure::Refused);
            if (!passOver)
            {
                m_report.status = slice.status;
                break;
            }
        }
        // It is all in: too late to stop.
        if (m_report.status && m_options.progress)
            m_options.progress(1.0);
        return std::move(m_report);
    }

  private:
    SliceReport appendSlice(const SliceInput &input)
    {
        SliceReport report;
        report.slice = input.name;
        const auto started = std::chrono::steady_clock::now();
        report.status = tryAppend(input, report);
        report.seconds = std::chrono::duration<double>(
                             std::chrono::steady_clock::now() - started)
                             .count();
        if (!report.status)
        {
            report.outcome = SliceReport::Outcome::Failed;
            if (report.status.kind() == Failure::Refused &&
                !report.status.message().starts_with("slice '"))
                report.status =
                    Status(Failure::Refused, "slice '" + input.name + "', " +
                                                 report.status.message() +
                                                 " Nothing was written.");
        }
        return report;
    }

    Status tryAppend(const SliceInput &input, SliceReport &report)
    {
        MDIMAPPEND_ASSIGN(const auto slice, openSlice(input));
        m_report.appendDim = slice->appendDim();
        MDIMAPPEND_ASSIGN(const Writer writer, openTarget());
        if (!m_options.dryRun)
        {
            MDIMAPPEND_ASSIGN(const auto recovered,
                              recover(*writer.storage, writer.site));
            note(recovered);
        }
        // Recovery may have made or removed the store.
        MDIMAPPEND_ASSIGN(const Site site,
                          locateSite(m_options.target, m_options.group));
        MDIMAPPEND_RETURN_IF_ERROR(refuseForeign(site));
        const auto fingerprint = slice->fingerprint();
        MDIMAPPEND_ASSIGN(
            AppendPlan plan,
            Planner(m_options, site, *writer.storage, *slice).plan());
        describe(plan, report);
        if (plan.rows == 0)
        {
            report.outcome = SliceReport::Outcome::AlreadyThere;
            return Status::ok();
        }
        if (m_options.dryRun)
        {
            report.outcome = SliceReport::Outcome::WouldAppend;
            report.plan = planAsJson(plan);
            return Status::ok();
        }
        MDIMAPPEND_RETURN_IF_ERROR(
            planDeletions(*writer.storage, site, plan.intent));
        return write(*slice, fingerprint, writer, site, plan, report);
    }

    Result<std::unique_ptr<Slice>> openSlice(const SliceInput &input)
    {
        SliceRequest request;
        request.name = input.name;
        request.label = input.label;
        request.labelFrom = m_options.labelFrom;
        request.allowedDrivers = m_options.allowedDrivers;
        request.openOptions = m_options.openOptions;
        request.arrays = m_options.arrays;
        request.excludedArrays = m_options.excludedArrays;
        request.dataset = input.dataset;
        MDIMAPPEND_RETURN_IF_ERROR(checkNotTarget(input.name));
        MDIMAPPEND_ASSIGN(request.appendDim, appendDim());
        return Slice::open(request);
    }

    /// A store cannot be read while it is written to.
    Status checkNotTarget(const std::string &slice) const
    {
        namespace fs = std::filesystem;
        std::error_code code;
        const auto from = fs::canonical(slice, code);
        const auto into =
            code ? fs::path() : fs::canonical(m_options.target, code);
        const auto store = into.native() + "/";
        if (!code && (from.native() + "/").starts_with(store))
            return refused("slice '" + slice + "' is " +
                           (from == into ? "" : "inside ") +
                           "the target itself. Nothing was written.");
        return Status::ok();
    }

    /// What the user says, else what the slice before this one had, else what
    /// an existing target says, else "".
    Result<std::string> appendDim()
    {
        if (!m_options.appendDim.empty())
            return m_options.appendDim;
        if (!m_report.appendDim.empty())
            return m_report.appendDim;
        MDIMAPPEND_ASSIGN(const Writer reader,
                          openForReading(m_options.target, m_options.group));
        // Read without the lock: an append under way may tear it; what counts
        // is read again later.
        const auto target = readTarget(*reader.storage, reader.site, "");
        return target ? target->appendDim : std::string();
    }

    Result<Writer> openTarget() const
    {
        if (m_options.dryRun)
            return openForReading(m_options.target, m_options.group);
        WriterRequest request;
        request.target = m_options.target;
        request.group = m_options.group;
        request.durability = m_options.durability;
        request.lock = m_options.lock;
        request.lockTimeout = m_options.lockTimeout;
        request.command = m_options.command;
        request.cancelled = m_options.cancelled;
        if (m_options.posix)
            request.posix = m_options.posix;
        return openForWriting(request);
    }

    void note(const RecoveryReport &recovered)
    {
        auto &all = m_report.recovery;
        all.undone.insert(all.undone.end(), recovered.undone.begin(),
                          recovered.undone.end());
        all.redone.insert(all.redone.end(), recovered.redone.begin(),
                          recovered.redone.end());
    }

    void describe(const AppendPlan &plan, SliceReport &report)
    {
        report.firstRow = plan.firstRow;
        report.rows = plan.rows;
        report.rowsAlreadyThere = plan.rowsAlreadyThere;
        report.firstLabel = plan.firstLabel;
        report.lastLabel = plan.lastLabel;
        report.created = plan.create;
        for (const auto &name : plan.ignoredArrays)
        {
            const auto warning = "array '" + name +
                                 "' of the slices is not in the target and "
                                 "was left out";
            auto &known = m_report.warnings;
            if (std::find(known.begin(), known.end(), warning) == known.end())
            {
                known.push_back(warning);
                if (m_options.warn)
                    m_options.warn(warning);
            }
        }
    }

    static Json planAsJson(const AppendPlan &plan)
    {
        Json arrays = Json::array();
        for (const auto &array : plan.intent.arrays)
        {
            std::uint64_t added = 0;
            std::uint64_t replaced = 0;
            for (const auto &box : array.planned.added)
                added += box.count();
            for (const auto &box : array.planned.replaced)
                replaced += box.count();
            arrays.push_back({{"path", array.document.path},
                              {"chunk", array.document.chunk},
                              {"chunks_added", added},
                              {"chunks_replaced", replaced}});
        }
        return {{"arrays", arrays}, {"documents", plan.intent.order}};
    }

    Status write(const Slice &slice, const std::string &fingerprint,
                 const Writer &writer, const Site &site, AppendPlan &plan,
                 SliceReport &report)
    {
        MDIMAPPEND_ASSIGN(const auto transaction,
                          Transaction::begin(site, *writer.storage,
                                             *writer.lock, m_options.durability,
                                             std::move(plan.intent)));
        PipelineOptions pipeline;
        pipeline.threads =
            m_options.threads > 0
                ? m_options.threads
                : static_cast<int>(std::thread::hardware_concurrency());
        pipeline.progress = [this](double fraction)
        { return reportProgress(fraction); };
        if (auto written =
                runPipeline(transaction->view(), &slice, plan.slabs, pipeline);
            !written)
        {
            if (auto undone = transaction->undo(); !undone)
                return std::move(written).suffixed(
                    "Undoing the append failed too (" + undone.message() +
                    "); the next run tries again.");
            return std::move(written).suffixed("Nothing was appended.");
        }
        MDIMAPPEND_RETURN_IF_ERROR(transaction->commit(
            [&]() -> Status
            {
                if (slice.fingerprint() != fingerprint)
                    return {Failure::Unavailable,
                            "slice '" + slice.name() +
                                "' changed while it was read."};
                return Status::ok();
            }));
        report.outcome = SliceReport::Outcome::Appended;
        report.sequence = transaction->sequence();
        report.chunks = transaction->view().chunksWritten();
        report.bytes = transaction->view().bytesWritten();
        return Status::ok();
    }

    bool reportProgress(double fraction) const
    {
        if (m_options.cancelled && m_options.cancelled())
            return false;
        const auto total = static_cast<double>(m_options.slices.size());
        return !m_options.progress ||
               m_options.progress((static_cast<double>(m_number) + fraction) /
                                  total);
    }

    const AppendOptions &m_options;
    Report m_report;
    std::size_t m_number = 0;
};

}  // namespace

Report append(const AppendOptions &options)
{
    return Run(options).run();
}

}  // namespace mdimappend
