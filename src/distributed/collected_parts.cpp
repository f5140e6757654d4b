// Puts the records of all parts together, and finds what is missing, twice or
// different.

#include "distributed/collected_parts.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

bool haveSameContents(const ChunkRecord &a, const ChunkRecord &b)
{
    return a.state == b.state && a.size == b.size && a.checksum == b.checksum;
}

std::string text(const ChunkIndex &index)
{
    std::string words;
    for (const auto number : index)
        words += (words.empty() ? "" : "/") + std::to_string(number);
    return words;
}

std::string rowsText(const RowRange &rows)
{
    return "rows " + std::to_string(rows.first) + " to " +
           std::to_string(rows.last);
}

}  // namespace

CollectedParts::CollectedParts(const Session &session) : m_session(session)
{
    for (std::size_t i = 0; i < session.arrays.size(); ++i)
    {
        Array collected;
        collected.box =
            chunksOf(session.arrays[i].window, targetArray(i).document.chunk);
        collected.chunks.resize(
            static_cast<std::size_t>(collected.box.count()));
        m_numbers.emplace(targetArray(i).document.path, i);
        m_arrays.push_back(std::move(collected));
    }
}

const TargetArray &CollectedParts::targetArray(std::size_t number) const
{
    return m_session.targetArray(m_session.arrays[number]);
}

Status CollectedParts::add(const WrittenPart &written)
{
    if (!m_known.insert(written.part).second)
        return Status::ok();
    m_parts.push_back(written.part);
    // What `begin` has written is of no slice's.
    if (!written.slice.empty())
        ++m_slices[written.slice];
    m_alteredValues += written.alteredValues;
    m_ignoredStatic.insert(written.ignoredStatic.begin(),
                           written.ignoredStatic.end());
    for (const auto &warning : written.warnings)
    {
        if (std::ranges::find(m_warnings, warning) == m_warnings.end())
            m_warnings.push_back(warning);
    }
    for (const auto &[array, largest] : written.roundings)
        m_roundings[array] = std::max(m_roundings[array], largest);
    for (const auto &array : written.arrays)
    {
        const auto number = m_numbers.find(array.path);
        if (number == m_numbers.end())
            return error("the record of part '" + written.part +
                         "' names the array '" + array.path +
                         "', which the transaction does not write");
        for (const auto &chunk : array.chunks)
            MDIMAPPEND_RETURN_IF_ERROR(addChunk(number->second, chunk));
        if (array.rows)
            MDIMAPPEND_RETURN_IF_ERROR(addRows(number->second, *array.rows));
    }
    return Status::ok();
}

Status CollectedParts::addChunk(std::size_t number, const WrittenChunk &chunk)
{
    auto &array = m_arrays[number];
    const auto &part = m_parts.back();
    if (chunk.index.size() != array.box.low.size() ||
        !array.box.contains(chunk.index))
        return error("the record of part '" + part + "' has chunk " +
                     text(chunk.index) + " of array '" +
                     targetArray(number).name +
                     "', which the transaction does not write");
    auto &slot =
        array.chunks[static_cast<std::size_t>(array.box.position(chunk.index))];
    if (!slot.part)
        slot = {m_parts.size() - 1, chunk.record, chunk.stagedVersion};
    else if (!haveSameContents(slot.record, chunk.record))
        return refused("array '" + targetArray(number).name + "': chunk " +
                       text(chunk.index) +
                       " is in two of the parts, with different contents ('" +
                       m_parts[*slot.part] + "' and '" + part +
                       "'). Commit with the receipt of the one that counts.");
    return Status::ok();
}

/// As many values as its rows have, and rows that are the transaction's.
bool CollectedParts::hasForm(std::size_t number, const CarriedRows &rows) const
{
    const auto &document = targetArray(number).document;
    const auto &window = m_session.arrays[number].window;
    if (targetArray(number).axis != std::size_t{0} || rows.rows == 0 ||
        rows.first < window.low[0] || rows.first > window.high[0] ||
        rows.rows > window.high[0] - rows.first)
        return false;
    if (document.dataType.isString())
        return document.rank() == 1 && rows.values.empty() &&
               rows.texts.size() == rows.rows;
    Extent shape = document.shape;
    shape[0] = rows.rows;
    return rows.texts.empty() &&
           rows.values.size() == elementCount(shape) * document.dataType.size;
}

Status CollectedParts::addRows(std::size_t number, const CarriedRows &rows)
{
    if (!hasForm(number, rows))
        return error("the record of part '" + m_parts.back() +
                     "' is damaged: its rows of array '" +
                     targetArray(number).name + "' are not of its shape");
    if (!m_arrays[number].rows.add(rows))
        return refused("array '" + targetArray(number).name +
                       "': " + rowsText({rows.first, rows.first + rows.rows}) +
                       ", or some of them, are in two of the parts, with "
                       "different values. Commit with the receipt of the one "
                       "that counts.");
    return Status::ok();
}

/// Those of a chunk that the transaction writes.
RowRange CollectedParts::rowsOf(std::size_t number,
                                const ChunkIndex &index) const
{
    const auto axis = *targetArray(number).axis;
    const auto chunk = targetArray(number).document.chunk[axis];
    const auto &window = m_session.arrays[number].window;
    return {std::max(index[axis] * chunk, window.low[axis]),
            std::min((index[axis] + 1) * chunk, window.high[axis])};
}

Status CollectedParts::checkComplete() const
{
    // What is missing of data says more than what is missing of labels.
    for (const bool carried : {false, true})
    {
        for (std::size_t i = 0; i < m_arrays.size(); ++i)
        {
            if (carried != m_arrays[i].rows.empty())
                MDIMAPPEND_RETURN_IF_ERROR(checkChunks(i));
        }
    }
    for (std::size_t i = 0; i < m_arrays.size(); ++i)
        MDIMAPPEND_RETURN_IF_ERROR(checkRows(i));
    return Status::ok();
}

Status CollectedParts::checkChunks(std::size_t number) const
{
    const auto &array = m_arrays[number];
    std::size_t missing = 0;
    ChunkIndex first;
    std::string rows;
    for (std::size_t i = 0; i < array.chunks.size(); ++i)
    {
        if (array.chunks[i].part)
            continue;
        auto index = array.box.at(i);
        if (targetArray(number).axis)
        {
            const auto some = array.rows.missingOf(rowsOf(number, index));
            if (!some)
                continue;
            if (missing == 0)
                rows = rowsText(*some);
        }
        if (missing++ == 0)
            first = std::move(index);
    }
    if (missing == 0)
        return Status::ok();
    if (!array.rows.empty())
        return refused("array '" + targetArray(number).name + "': " + rows +
                       " are in none of the parts whose receipts were given.");
    return refused("array '" + targetArray(number).name +
                   "': " + std::to_string(missing) + " of " +
                   std::to_string(array.chunks.size()) +
                   " chunks are in none of the parts whose receipts were "
                   "given, the first of them chunk " +
                   text(first) + (rows.empty() ? "" : ", " + rows) + ".");
}

/// Some that were carried may be in a chunk that a part has written as well.
Status CollectedParts::checkRows(std::size_t number) const
{
    const auto &array = m_arrays[number];
    for (std::size_t i = 0; !array.rows.empty() && i < array.chunks.size(); ++i)
    {
        if (!array.chunks[i].part)
            continue;
        const auto rows = rowsOf(number, array.box.at(i));
        if (array.rows.hasAnyOf(rows))
            return refused("array '" + targetArray(number).name +
                           "': " + rowsText(rows) +
                           ", or some of them, are in two of the parts. "
                           "Commit with the receipt of the one that counts.");
    }
    return Status::ok();
}

Status CollectedParts::giveTo(View &view)
{
    for (std::size_t i = 0; i < m_arrays.size(); ++i)
    {
        auto &array = m_arrays[i];
        const auto inView = view.find(targetArray(i).document.path);
        for (std::size_t c = 0; c < array.chunks.size(); ++c)
        {
            auto &chunk = array.chunks[c];
            if (chunk.part)
                MDIMAPPEND_RETURN_IF_ERROR(
                    view.adopt(inView.value(), array.box.at(c),
                               std::move(chunk.record), chunk.stagedVersion));
        }
    }
    return Status::ok();
}

std::vector<Slab> CollectedParts::carriedSlabs() const
{
    std::vector<Slab> slabs;
    for (std::size_t i = 0; i < m_arrays.size(); ++i)
    {
        const auto &array = m_arrays[i];
        if (array.rows.empty())
            continue;
        const auto &target = targetArray(i);
        const auto &document = target.document;
        Slab slab;
        slab.path = document.path;
        for (std::size_t c = 0; c < array.chunks.size(); ++c)
        {
            if (!array.chunks[c].part)
                slab.boxes.push_back(singleChunk(array.box.at(c)));
        }
        slab.axis = target.axis;
        slab.committed = m_session.arrays[i].committed;
        slab.shape = document.shape;
        slab.runs = array.rows.runs();
        auto all = array.rows.joined();
        slab.memory = std::move(all.values);
        slab.memoryStrings = std::move(all.texts);
        slab.conversion = Conversion::none(document.dataType.size);
        slabs.push_back(std::move(slab));
    }
    return slabs;
}

std::optional<CarriedRows> CollectedParts::labels() const
{
    const auto *labels = m_session.target.labels();
    if (!labels || m_session.labels)
        return std::nullopt;
    for (std::size_t i = 0; i < m_arrays.size(); ++i)
    {
        if (&targetArray(i) == labels && !m_arrays[i].rows.empty())
            return m_arrays[i].rows.joined();
    }
    return std::nullopt;
}

}  // namespace mdimappend
