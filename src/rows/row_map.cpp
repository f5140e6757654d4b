#include "rows/row_map.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

using Run = RowMap::Run;

/// Adds a run, to the last one where it goes on.
void add(std::vector<Run> &runs, const Run &run)
{
    if (run.rows == 0)
        return;
    if (!runs.empty() && runs.back().slice == run.slice &&
        runs.back().sourceRow + runs.back().rows == run.sourceRow)
        runs.back().rows += run.rows;
    else
        runs.push_back(run);
}

/// The part of a run that begins at row `from` of its own, and has `rows`.
Run part(const Run &run, std::uint64_t from, std::uint64_t rows)
{
    return {run.slice, run.sourceRow + from, rows};
}

}  // namespace

RowMap::RowMap(std::uint64_t rows) : m_rows(rows)
{
    add(m_runs, {std::nullopt, 0, rows});
}

void RowMap::put(std::size_t slice, std::uint64_t sourceRow,
                 std::uint64_t targetRow, std::uint64_t rows)
{
    const auto end = targetRow + rows;
    const bool isNew = targetRow == m_rows;
    m_rows = std::max(m_rows, end);
    // Of a batch of many slices each comes here.
    if (isNew)
        return add(m_runs, {slice, sourceRow, rows});
    std::vector<Run> before;
    std::vector<Run> after;
    std::uint64_t row = 0;
    for (const auto &run : m_runs)
    {
        const auto next = row + run.rows;
        if (row < targetRow)
            add(before, part(run, 0, std::min(next, targetRow) - row));
        if (next > end)
        {
            const auto from = std::max(row, end) - row;
            add(after, part(run, from, run.rows - from));
        }
        row = next;
    }
    m_runs = std::move(before);
    add(m_runs, {slice, sourceRow, rows});
    for (const auto &run : after)
        add(m_runs, run);
}

std::vector<std::string> RowMap::texts() const
{
    std::vector<std::string> texts;
    for (const auto &[slice, first, rows] : m_runs)
        texts.push_back(
            (slice ? "slice " + std::to_string(*slice) : std::string("cube")) +
            " " + std::to_string(first) + ":" + std::to_string(first + rows));
    return texts;
}

}  // namespace mdimappend
