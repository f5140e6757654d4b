// Guards one part's slice as an append does, and writes it where no other part
// writes: chunks of its own, or rows that the commit puts together.

#include "distributed/write_part.h"

#include "append/plan_warnings.h"
#include "append/slice_request.h"
#include "chunks/planned_arrays.h"
#include "cube/array_conversion.h"
#include "cube/varying_arrays.h"
#include "distributed/open_part.h"
#include "distributed/part_labels.h"
#include "distributed/part_rows.h"
#include "distributed/session.h"
#include "distributed/session_coordinates.h"
#include "distributed/session_statics.h"
#include "distributed/stage_slabs.h"
#include "guards/crs_guard.h"
#include "guards/meaning_guard.h"
#include "guards/static_guard.h"
#include "guards/valid_range.h"
#include "secrets.h"
#include "storage/checksum.h"

#include <algorithm>
#include <ranges>

namespace mdimappend
{

namespace
{

std::string quoted(const std::string &name)
{
    return "array '" + name + "': ";
}

class PartWriter
{
  public:
    PartWriter(const PartRequest &request, OpenPart &open)
        : m_request(request), m_open(open), m_session(*open.session)
    {
    }

    Result<Receipt> write()
    {
        MDIMAPPEND_RETURN_IF_ERROR(openSlice());
        auto guarded = guard();
        if (!guarded && guarded.kind() == Failure::Refused)
            return std::move(guarded)
                .prefixed("slice '" + m_slice->name() + "'")
                .suffixed("Nothing of this part was written.");
        MDIMAPPEND_RETURN_IF_ERROR(std::move(guarded));
        tellWarnings();
        auto written = stage();
        if (!written && written.status().kind() == Failure::Refused)
            return written.takeStatus().suffixed(
                "Nothing of this part will be in the target.");
        if (!written)
            return written.takeStatus();
        MDIMAPPEND_RETURN_IF_ERROR(checkUnchanged(*m_slice));
        return receipt(*written);
    }

  private:
    Storage &storage() const
    {
        return *m_open.writer.storage;
    }

    /// What `begin` has told is told once, however many parts there are.
    void tellWarnings() const
    {
        const auto &told = m_session.begun.warnings;
        for (const auto &warning : warnings())
        {
            if (std::ranges::find(told, warning) == told.end())
                m_request.warn(warning);
        }
    }

    Status openSlice()
    {
        auto options = m_session.options;
        options.labelFrom = m_request.labelFrom;
        options.allowedDrivers = m_request.allowedDrivers;
        options.openOptions = m_request.openOptions;
        options.sliceConfig = m_request.sliceConfig;
        MDIMAPPEND_ASSIGN(
            m_slice, Slice::open(sliceRequest(options, m_request.slice,
                                              m_session.target.appendDim)));
        MDIMAPPEND_ASSIGN(
            m_slice,
            withVaryingArrays(std::move(m_slice), m_session.target, options));
        return Status::ok();
    }

    Status guard()
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkOffsets());
        for (std::size_t i = 0; i < m_slice->arrays().size(); ++i)
            MDIMAPPEND_RETURN_IF_ERROR(guardArray(i));
        MDIMAPPEND_RETURN_IF_ERROR(checkRows());
        if (!m_session.options.ignoreCoordinates)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkCoordinatesOfPart(storage(), m_open.writer.site, m_session,
                                       *m_slice, m_request.at));
        MDIMAPPEND_RETURN_IF_ERROR(checkStatic());
        MDIMAPPEND_ASSIGN(m_labels,
                          labelsOfPart(m_session, *m_slice, m_firstRow));
        if (m_arrays.empty() && (!m_labels || m_session.labels))
            return refused("it has none of the arrays that parts bring.");
        for (auto &other : otherMeanings(*m_slice, m_session.target))
            m_warned.warnings.push_back(std::move(other));
        return Status::ok();
    }

    /// As they are told, and are in the log.
    std::vector<std::string> warnings() const
    {
        auto texts = warningsOf(m_warned, withoutSecrets(m_slice->name()));
        std::ranges::transform(texts, texts.begin(), textWithoutSecrets);
        return texts;
    }

    Status checkStatic()
    {
        auto &ignored = m_warned.ignoredStatic;
        MDIMAPPEND_ASSIGN(ignored, staticDifferencesOfPart(
                                       storage(), m_open.writer.site, m_session,
                                       *m_slice, m_request.at));
        return ignored.empty() || m_session.options.ignoreStatic
                   ? Status::ok()
                   : refuseStatic(ignored, m_session.target.appendDim);
    }

    Status checkOffsets() const
    {
        for (const auto &dimension : std::views::keys(m_request.at))
        {
            const bool is = std::ranges::any_of(
                m_session.arrays,
                [&](const SessionArray &array)
                {
                    const auto &document =
                        m_session.targetArray(array).document;
                    return axisOf(document, dimension).has_value();
                });
            if (!is)
                return {Failure::Usage, "--at: no array of the transaction "
                                        "has the dimension '" +
                                            dimension + "'"};
        }
        return Status::ok();
    }

    std::uint64_t offsetOf(const std::string &dimension) const
    {
        const auto found = m_request.at.find(dimension);
        return found == m_request.at.end() ? 0 : found->second;
    }

    Status guardArray(std::size_t number)
    {
        const auto &array = m_slice->arrays()[number];
        const auto *written = m_session.find(array.name);
        if (!written)
        {
            const bool known = m_session.target.find(array.name) != nullptr;
            return known || !array.labelsOf.empty() ? Status::ok()
                                                    : leaveOut(array.name);
        }
        const auto &target = m_session.targetArray(*written);
        if (!written->byParts || &target == m_session.target.labels())
            return Status::ok();
        if (auto warning = validRangeWarning(target, array); !warning.empty())
            m_warned.warnings.push_back(std::move(warning));
        PartArray part;
        part.written = written;
        part.sliceArray = number;
        MDIMAPPEND_ASSIGN(part.box, boxOf(target, *written, array));
        if (!m_session.options.ignoreCrs)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkCrs(m_session.target, target, *m_slice, array));
        if (auto same =
                checkFlags(array.attributes, target.document.attributes);
            !same)
            return std::move(same).prefixed("array '" + array.name + "'");
        auto conversion = conversionFor(m_session.target, target, *m_slice,
                                        array, m_session.options);
        if (!conversion)
            return conversion.takeStatus().prefixed("array '" + array.name +
                                                    "'");
        part.conversion = std::move(*conversion);
        m_arrays.push_back(std::move(part));
        return Status::ok();
    }

    Status leaveOut(const std::string &name)
    {
        if (m_session.options.refuseExtraArrays)
            return refused(quoted(name) +
                           "it is in the slice, but not in the target "
                           "(--on-extra-array error).");
        m_warned.ignoredArrays.push_back(name);
        return Status::ok();
    }

    Result<ElementBox> boxOf(const TargetArray &target,
                             const SessionArray &written,
                             const SliceArray &array) const
    {
        const auto &names = target.document.dimensions;
        if (names != array.dimensions)
            return refused(quoted(array.name) +
                           "its dimensions are not the target's.");
        ElementBox box;
        for (std::size_t i = 0; i < names.size(); ++i)
        {
            const auto offset = offsetOf(names[i]);
            const auto room = written.window.high[i] - written.window.low[i];
            if (offset > room || array.shape[i] > room - offset)
                return refused(quoted(array.name) + "dimension '" + names[i] +
                               "' has " + std::to_string(array.shape[i]) +
                               " values, to be written from " +
                               std::to_string(offset) +
                               " on, and the transaction has " +
                               std::to_string(room) + ".");
            box.low.push_back(written.window.low[i] + offset);
            box.high.push_back(box.low.back() + array.shape[i]);
        }
        return box;
    }

    /// All arrays bring the same rows: those of the labels, too.
    Status checkRows()
    {
        const auto offset = offsetOf(m_session.target.appendDim);
        if (offset > m_session.rows ||
            m_slice->size() > m_session.rows - offset)
            return refused("dimension '" + m_session.target.appendDim +
                           "' has " + std::to_string(m_slice->size()) +
                           " values, to be written from " +
                           std::to_string(offset) +
                           " on, and the transaction has " +
                           std::to_string(m_session.rows) + ".");
        m_firstRow = m_session.firstRow + offset;
        return Status::ok();
    }

    Result<WrittenPart> stage()
    {
        std::vector<View::Array> arrays;
        std::vector<Slab> slabs;
        std::vector<WrittenArray> carried;
        std::uint64_t altered = 0;
        std::map<std::string, double> roundings;
        for (const auto &part : m_arrays)
        {
            const auto &target = m_session.targetArray(*part.written);
            if (!hasChunksOfItsOwn(part.box, part.written->window,
                                   target.document.chunk))
            {
                MDIMAPPEND_ASSIGN(auto rows,
                                  carriedRows(*m_slice, part, target));
                altered += part.conversion.altered();
                if (const double largest = part.conversion.rounding();
                    largest > 0)
                    roundings[target.document.path] = largest;
                carried.push_back({target.document.path, {}, std::move(rows)});
                continue;
            }
            arrays.push_back(viewArray(target, *part.written, part.box,
                                       !storage().createsWhole()));
            slabs.push_back(slabOf(part, target, arrays.back()));
        }
        MDIMAPPEND_ASSIGN(
            WrittenPart written,
            stageSlabs({m_open.writer.site, storage(), m_session.transaction,
                        randomNonce(), m_session.syncsItself(storage())},
                       std::move(arrays), m_slice.get(), slabs,
                       m_request.threads, m_request.progress));
        written.alteredValues += altered;
        written.roundings.merge(roundings);
        for (auto &array : carried)
            written.arrays.push_back(std::move(array));
        // Those that `begin` was told are in its own record.
        if (m_labels && !m_session.labels)
            written.arrays.push_back(
                {m_session.target.labels()->document.path, {}, m_labels});
        written.slice = withoutSecrets(m_slice->name());
        written.ignoredStatic = m_warned.ignoredStatic;
        written.warnings = warnings();
        return written;
    }

    Slab slabOf(const PartArray &part, const TargetArray &target,
                const View::Array &planned) const
    {
        Slab slab;
        slab.path = target.document.path;
        slab.boxes = plannedBoxes(planned);
        slab.axis = target.axis;
        slab.committed = part.written->committed;
        slab.shape = target.document.shape;
        const auto axis = *target.axis;
        slab.runs = {
            {0, part.box.low[axis], part.box.high[axis] - part.box.low[axis]}};
        slab.part = part.box;
        for (std::size_t i = 0; i < part.box.low.size(); ++i)
        {
            const bool isAll =
                part.box.low[i] == 0 && part.box.high[i] == slab.shape[i];
            if (i != axis && !isAll)
                break;
            // Nothing differs from a whole slice.
            if (i + 1 == part.box.low.size())
                slab.part.reset();
        }
        slab.sliceArray = part.sliceArray;
        slab.sliceBlock = m_slice->arrays()[part.sliceArray].block;
        slab.conversion = part.conversion;
        return slab;
    }

    Result<Receipt> receipt(const WrittenPart &written)
    {
        const auto record = toText(written);
        Receipt receipt{m_session.transaction, written.part, contentOf(record),
                        0, 0};
        for (const auto &array : written.arrays)
        {
            receipt.chunks += array.chunks.size();
            for (const auto &chunk : array.chunks)
                receipt.bytes += chunk.record.size;
        }
        MDIMAPPEND_RETURN_IF_ERROR(
            storage().put(writtenPath(m_open.writer.site, m_session.transaction,
                                      receipt.part),
                          record));
        if (m_session.syncsItself(storage()))
            MDIMAPPEND_RETURN_IF_ERROR(storage().barrier());
        // Whoever has taken over may have removed it.
        MDIMAPPEND_RETURN_IF_ERROR(
            checkStillOpen(m_open.writer, m_request.token));
        return receipt;
    }

    const PartRequest &m_request;
    OpenPart &m_open;
    const Session &m_session;
    std::unique_ptr<Slice> m_slice;
    std::vector<PartArray> m_arrays;
    std::optional<CarriedRows> m_labels;
    AppendPlan m_warned;  ///< what an append's plan would be warned of
    std::uint64_t m_firstRow = 0;
};

}  // namespace

Result<Receipt> writePart(const PartRequest &request)
{
    AppendOptions options;
    options.targetConfig = request.targetConfig;
    MDIMAPPEND_ASSIGN(OpenPart open, openPart(request.token, options));
    auto receipt = PartWriter(request, open).write();
    // Whoever has taken over has removed what was there.
    if (!receipt && receipt.status().kind() == Failure::Error)
        MDIMAPPEND_RETURN_IF_ERROR(checkStillOpen(open.writer, request.token));
    return receipt;
}

}  // namespace mdimappend
