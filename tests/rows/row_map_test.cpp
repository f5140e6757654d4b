// Row maps against a plain list of rows, drawn at random.

#include "rows/row_map.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace mdimappend
{

namespace
{

/// Of each row the slice that it comes from (-1: the cube), and the row there.
using Rows = std::vector<std::pair<int, std::uint64_t>>;

Rows rowsOf(const RowMap &map)
{
    Rows rows;
    for (const auto &run : map.runs())
        for (std::uint64_t i = 0; i < run.rows; ++i)
            rows.emplace_back(run.slice ? static_cast<int>(*run.slice) : -1,
                              run.sourceRow + i);
    return rows;
}

void put(Rows &rows, int slice, std::uint64_t sourceRow,
         std::uint64_t targetRow, std::uint64_t count)
{
    for (std::uint64_t i = 0; i < count; ++i)
    {
        const auto row = static_cast<std::size_t>(targetRow + i);
        if (row == rows.size())
            rows.emplace_back();
        rows[row] = {slice, sourceRow + i};
    }
}

}  // namespace

TEST(RowMap, IsWhatAListOfRowsIs)
{
    std::mt19937 random(20261130);
    const auto upTo = [&](std::uint64_t most)
    { return std::uniform_int_distribution<std::uint64_t>(0, most)(random); };
    for (int round = 0; round < 500; ++round)
    {
        const auto size = upTo(6);
        RowMap map(size);
        Rows rows;
        for (std::uint64_t i = 0; i < size; ++i)
            rows.emplace_back(-1, i);
        for (int slice = 0; slice < 5; ++slice)
        {
            const auto source = upTo(3);
            const auto target = upTo(map.rows());
            const auto count = upTo(4);
            map.put(static_cast<std::size_t>(slice), source, target, count);
            put(rows, slice, source, target, count);
            ASSERT_EQ(rowsOf(map), rows);
            ASSERT_EQ(map.rows(), rows.size());
        }
        for (std::size_t i = 1; i < map.runs().size(); ++i)
        {
            const auto &last = map.runs()[i - 1];
            const auto &run = map.runs()[i];
            EXPECT_FALSE(last.slice == run.slice &&
                         last.sourceRow + last.rows == run.sourceRow)
                << "two runs that are one";
        }
    }
}

TEST(RowMap, NamesEachRun)
{
    RowMap map(10);
    map.put(0, 0, 4, 1);
    map.put(1, 2, 10, 3);
    EXPECT_EQ(map.texts(),
              (std::vector<std::string>{"cube 0:4", "slice 0 0:1", "cube 5:10",
                                        "slice 1 2:5"}));
    EXPECT_TRUE(RowMap(0).texts().empty());
}

}  // namespace mdimappend
