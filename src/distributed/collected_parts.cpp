// Puts the records of all parts together, and finds what is missing, twice or
// different.

#include "distributed/collected_parts.h"

#include <algorithm>
#include <utility>

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

std::string rowsText(std::uint64_t first, std::uint64_t end)
{
    return "rows " + std::to_string(first) + " to " + std::to_string(end);
}

/// Those of them that are [first, end).
CarriedRows rowsOf(const CarriedRows &rows, std::uint64_t first,
                   std::uint64_t end)
{
    CarriedRows some;
    some.first = first;
    some.rows = end - first;
    const auto skip = static_cast<std::size_t>(first - rows.first);
    const auto count = static_cast<std::size_t>(some.rows);
    if (!rows.texts.empty())
    {
        const auto from =
            rows.texts.begin() + static_cast<std::ptrdiff_t>(skip);
        some.texts.assign(from, from + static_cast<std::ptrdiff_t>(count));
        return some;
    }
    const auto size = rows.values.size() / static_cast<std::size_t>(rows.rows);
    some.values = rows.values.substr(skip * size, count * size);
    return some;
}

/// Rows in order, one after the other.
CarriedRows joined(const std::vector<CarriedRows> &parts)
{
    CarriedRows all;
    all.first = parts.front().first;
    for (const auto &part : parts)
    {
        all.rows += part.rows;
        all.values += part.values;
        all.texts.insert(all.texts.end(), part.texts.begin(), part.texts.end());
    }
    return all;
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
        m_arrays.push_back(std::move(collected));
    }
}

const TargetArray &CollectedParts::targetArray(std::size_t number) const
{
    return m_session.targetArray(m_session.arrays[number]);
}

Status CollectedParts::add(const WrittenPart &written)
{
    if (std::ranges::find(m_parts, written.part) != m_parts.end())
        return Status::ok();
    m_parts.push_back(written.part);
    m_alteredValues += written.alteredValues;
    for (const auto &array : written.arrays)
    {
        std::size_t number = 0;
        while (number < m_arrays.size() &&
               targetArray(number).document.path != array.path)
            ++number;
        if (number == m_arrays.size())
            return error("the record of part '" + written.part +
                         "' names the array '" + array.path +
                         "', which the transaction does not write");
        for (const auto &chunk : array.chunks)
            MDIMAPPEND_RETURN_IF_ERROR(addChunk(number, chunk));
        if (array.rows)
            MDIMAPPEND_RETURN_IF_ERROR(addRows(number, *array.rows));
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
        slot = {m_parts.size() - 1, chunk};
    else if (!haveSameContents(slot.written.record, chunk.record))
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
    auto &known = m_arrays[number].rows;
    const auto end = rows.first + rows.rows;
    auto place =
        std::ranges::upper_bound(known, rows.first, {}, &CarriedRows::first);
    if (place != known.begin())
        --place;
    // Parts of other arrays may bring the same labels in other pieces.
    std::vector<CarriedRows> added;
    auto next = rows.first;
    for (; place != known.end() && place->first < end; ++place)
    {
        const auto first = std::max(place->first, rows.first);
        const auto last = std::min(place->first + place->rows, end);
        if (first >= last)
            continue;
        if (rowsOf(*place, first, last) != rowsOf(rows, first, last))
            return refused("array '" + targetArray(number).name +
                           "': " + rowsText(first, last) +
                           ", or some of them, are in two of the parts, with "
                           "different values. Commit with the receipt of the "
                           "one that counts.");
        if (next < first)
            added.push_back(rowsOf(rows, next, first));
        next = last;
    }
    if (next < end)
        added.push_back(rowsOf(rows, next, end));
    for (auto &some : added)
        known.insert(std::ranges::upper_bound(known, some.first, {},
                                              &CarriedRows::first),
                     std::move(some));
    return Status::ok();
}

std::uint64_t CollectedParts::firstRow(std::size_t number,
                                       const ChunkIndex &index) const
{
    const auto axis = *targetArray(number).axis;
    return std::max(index[axis] * targetArray(number).document.chunk[axis],
                    m_session.arrays[number].window.low[axis]);
}

std::uint64_t CollectedParts::endRow(std::size_t number,
                                     const ChunkIndex &index) const
{
    const auto axis = *targetArray(number).axis;
    return std::min((index[axis] + 1) *
                        targetArray(number).document.chunk[axis],
                    m_session.arrays[number].window.high[axis]);
}

/// From the first row of a chunk that was not carried; nothing if all were.
std::optional<std::pair<std::uint64_t, std::uint64_t>>
CollectedParts::notCarried(std::size_t number, const ChunkIndex &index) const
{
    auto covered = firstRow(number, index);
    const auto end = endRow(number, index);
    for (const auto &part : m_arrays[number].rows)
    {
        if (part.first > covered)
            return std::pair(covered, std::min(part.first, end));
        covered = std::max(covered, part.first + part.rows);
        if (covered >= end)
            return std::nullopt;
    }
    return std::pair(covered, end);
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
            const auto some = notCarried(number, index);
            if (!some)
                continue;
            if (missing == 0)
                rows = rowsText(some->first, some->second);
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
        const auto index = array.box.at(i);
        const auto first = firstRow(number, index);
        const auto end = endRow(number, index);
        for (const auto &rows : array.rows)
        {
            if (rows.first < end && rows.first + rows.rows > first)
                return refused("array '" + targetArray(number).name +
                               "': " + rowsText(first, end) +
                               ", or some of them, are in two of the parts. "
                               "Commit with the receipt of the one that "
                               "counts.");
        }
    }
    return Status::ok();
}

Status CollectedParts::giveTo(View &view) const
{
    for (std::size_t i = 0; i < m_arrays.size(); ++i)
    {
        const auto inView = view.find(targetArray(i).document.path);
        for (const auto &chunk : m_arrays[i].chunks)
        {
            if (chunk.part)
                MDIMAPPEND_RETURN_IF_ERROR(view.adopt(
                    inView.value(), chunk.written.index, chunk.written.record,
                    chunk.written.stagedVersion));
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
        for (const auto &rows : array.rows)
            slab.runs.push_back({0, rows.first, rows.rows});
        auto all = joined(array.rows);
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
            return joined(m_arrays[i].rows);
    }
    return std::nullopt;
}

}  // namespace mdimappend
