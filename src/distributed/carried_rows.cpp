// Pieces by their first rows: what a part brings is looked for among its
// neighbours only, however many parts there are.

#include "distributed/carried_rows.h"

#include <algorithm>
#include <iterator>

namespace mdimappend
{

namespace
{

std::uint64_t endOf(const CarriedRows &rows)
{
    return rows.first + rows.rows;
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

}  // namespace

RowsOfParts::Pieces::const_iterator
RowsOfParts::endingAfter(std::uint64_t row) const
{
    auto place = m_pieces.upper_bound(row);
    if (place != m_pieces.begin() && endOf(std::prev(place)->second) > row)
        --place;
    return place;
}

bool RowsOfParts::add(const CarriedRows &rows)
{
    const auto end = endOf(rows);
    // Parts of other arrays may bring the same labels in other pieces.
    std::vector<CarriedRows> added;
    auto next = rows.first;
    for (auto place = endingAfter(rows.first);
         place != m_pieces.end() && place->first < end; ++place)
    {
        const auto &known = place->second;
        const auto first = std::max(known.first, rows.first);
        const auto last = std::min(endOf(known), end);
        if (rowsOf(known, first, last) != rowsOf(rows, first, last))
            return false;
        if (next < first)
            added.push_back(rowsOf(rows, next, first));
        next = last;
    }
    if (next < end)
        added.push_back(rowsOf(rows, next, end));
    for (auto &some : added)
    {
        const auto first = some.first;
        m_pieces.emplace(first, std::move(some));
    }
    return true;
}

bool RowsOfParts::hasAnyOf(const RowRange &range) const
{
    const auto place = endingAfter(range.first);
    return place != m_pieces.end() && place->first < range.last;
}

std::optional<RowRange> RowsOfParts::missingOf(const RowRange &range) const
{
    auto covered = range.first;
    for (auto place = endingAfter(covered); place != m_pieces.end(); ++place)
    {
        if (covered >= range.last)
            return std::nullopt;
        if (place->first > covered)
            return RowRange{covered, std::min(place->first, range.last)};
        covered = endOf(place->second);
    }
    if (covered >= range.last)
        return std::nullopt;
    return RowRange{covered, range.last};
}

CarriedRows RowsOfParts::joined() const
{
    CarriedRows all;
    all.first = m_pieces.begin()->first;
    for (const auto &[first, piece] : m_pieces)
    {
        all.rows += piece.rows;
        all.values += piece.values;
        all.texts.insert(all.texts.end(), piece.texts.begin(),
                         piece.texts.end());
    }
    return all;
}

std::vector<RowRun> RowsOfParts::runs() const
{
    std::vector<RowRun> runs;
    for (const auto &[first, piece] : m_pieces)
    {
        if (!runs.empty() && runs.back().targetRow + runs.back().rows == first)
            runs.back().rows += piece.rows;
        else
            runs.push_back({0, first, piece.rows});
    }
    return runs;
}

}  // namespace mdimappend
