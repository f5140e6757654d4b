// The plan of a batch names chunks ahead: all that will be put, seldom written.

#include "transaction/intent.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mdimappend
{
namespace
{

bool names(const std::vector<ChunkBox> &boxes, const ChunkIndex &index)
{
    return std::ranges::any_of(boxes, [&](const ChunkBox &box)
                               { return box.contains(index); });
}

/// How often the plan of so many slices of one chunk is written, along `axis`.
int writtenFor(std::uint64_t slices, std::size_t axis)
{
    std::vector<ChunkBox> planned{{{0, 0}, {3, 3}}};
    planned[0].low[axis] = 7;
    planned[0].high[axis] = 8;
    int written = 1;
    for (std::uint64_t i = 8; i < 7 + slices; ++i)
    {
        ChunkBox box{{0, 0}, {3, 3}};
        box.low[axis] = i;
        box.high[axis] = i + 1;
        written += planAhead(planned, {box}) ? 1 : 0;
        EXPECT_TRUE(names(planned, box.low));
    }
    EXPECT_EQ(planned.size(), 1);
    return written;
}

TEST(PlanAhead, isWrittenOnceMoreForEachDoubling)
{
    for (const std::size_t axis : {0U, 1U})
    {
        EXPECT_LE(writtenFor(1000, axis), 11);
        EXPECT_LE(writtenFor(2000, axis), writtenFor(1000, axis) + 1);
    }
}

TEST(PlanAhead, namesNothingInFrontOfItAndNothingBesideIt)
{
    std::vector<ChunkBox> planned{{{5, 0}, {6, 4}}};
    EXPECT_TRUE(planAhead(planned, {{{6, 0}, {8, 4}}}));
    EXPECT_FALSE(names(planned, {4, 0}));
    EXPECT_FALSE(names(planned, {5, 4}));
    EXPECT_TRUE(names(planned, {7, 3}));
    // No more ahead than there is.
    EXPECT_FALSE(names(planned, {11, 0}));
}

TEST(PlanAhead, whatIsNamedIsNotNamedAgain)
{
    std::vector<ChunkBox> planned{{{0}, {1}}};
    EXPECT_TRUE(planAhead(planned, {{{1}, {2}}}));
    const auto before = planned;
    EXPECT_FALSE(planAhead(planned, {{{2}, {3}}}));
    EXPECT_FALSE(planAhead(planned, {}));
    EXPECT_EQ(planned.size(), before.size());
    EXPECT_EQ(planned[0].high, before[0].high);
}

TEST(PlanAhead, boxesThatDoNotGoOnStandByThemselves)
{
    std::vector<ChunkBox> planned;
    EXPECT_TRUE(planAhead(planned, {{{3, 0}, {4, 2}}}));
    EXPECT_TRUE(planAhead(planned, {{{9, 0}, {10, 2}}}));
    EXPECT_TRUE(planAhead(planned, {{{10, 0}, {11, 3}}}));
    ASSERT_EQ(planned.size(), 3);
    for (const ChunkIndex &index :
         {ChunkIndex{3, 1}, ChunkIndex{9, 1}, ChunkIndex{10, 2}})
        EXPECT_TRUE(names(planned, index));
    EXPECT_FALSE(names(planned, {4, 0}));
}

}  // namespace
}  // namespace mdimappend
