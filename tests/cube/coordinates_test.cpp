// The coordinate guard: a thousandth of a cell, along any axis.

#include "cube/coordinates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace mdimappend
{
namespace
{

CoordinateValues values(std::vector<std::uint64_t> shape,
                        std::vector<double> numbers)
{
    return {std::move(shape), std::move(numbers), {}};
}

TEST(CoordinateGuard, withinAThousandthOfACell)
{
    const auto target = values({3}, {10, 20, 30});
    EXPECT_TRUE(
        checkCoordinate("x", target, values({3}, {10.009, 20, 29.991})));
    EXPECT_FALSE(checkCoordinate("x", target, values({3}, {10, 20.011, 30})));
    EXPECT_FALSE(checkCoordinate("x", target, values({3}, {10, 20, 29.98})));
}

TEST(CoordinateGuard, saysWhereAndWhat)
{
    const auto checked = checkCoordinate("lat", values({2, 2}, {1, 2, 3, 4}),
                                         values({2, 2}, {1, 2, 3, 9}));
    EXPECT_EQ(checked.message(),
              "coordinate 'lat' differs at position 1, 1: it is 9.0, the "
              "target has 4.0. A cube that is made with --vary lat has its own "
              "for each step.");
}

TEST(CoordinateGuard, aCellOfTwoDimensionsIsItsLongestSide)
{
    // Rows 100 apart, columns 1 apart.
    const auto target = values({2, 2}, {0, 1, 100, 101});
    EXPECT_TRUE(
        checkCoordinate("y", target, values({2, 2}, {0.05, 1, 100, 101})));
    EXPECT_FALSE(
        checkCoordinate("y", target, values({2, 2}, {0.2, 1, 100, 101})));
}

TEST(CoordinateGuard, oneValueAloneByItsSize)
{
    const auto target = values({1}, {500});
    EXPECT_TRUE(checkCoordinate("z", target, values({1}, {500.0004})));
    EXPECT_FALSE(checkCoordinate("z", target, values({1}, {500.001})));
    EXPECT_TRUE(checkCoordinate("z", values({1}, {0}), values({1}, {0})));
    EXPECT_FALSE(checkCoordinate("z", values({1}, {0}), values({1}, {1e-9})));
}

TEST(CoordinateGuard, integersOnBothSidesAreEqualOrDiffer)
{
    auto target = values({2}, {10001, 54321});
    auto slice = values({2}, {10002, 54321});
    EXPECT_TRUE(checkCoordinate("station", target, slice));
    target.whole = true;
    EXPECT_TRUE(checkCoordinate("station", target, slice));
    slice.whole = true;
    EXPECT_FALSE(checkCoordinate("station", target, slice));
    EXPECT_TRUE(checkCoordinate("station", target, target));
}

TEST(CoordinateGuard, nanAndInfinity)
{
    const auto target = values({3}, {NAN, 1, INFINITY});
    EXPECT_TRUE(checkCoordinate("x", target, target));
    EXPECT_FALSE(checkCoordinate("x", target, values({3}, {0, 1, INFINITY})));
    EXPECT_FALSE(
        checkCoordinate("x", values({2}, {1, 2}), values({2}, {1, NAN})));
}

TEST(CoordinateGuard, textsAndSizes)
{
    const CoordinateValues texts{{2}, {}, {"a", "b"}};
    EXPECT_TRUE(checkCoordinate("s", texts, texts));
    EXPECT_FALSE(checkCoordinate("s", texts, {{2}, {}, {"a", "c"}}));
    EXPECT_FALSE(checkCoordinate("s", texts, values({2}, {1, 2})));
    EXPECT_FALSE(
        checkCoordinate("x", values({2}, {1, 2}), values({3}, {1, 2, 3})));
}

}  // namespace
}  // namespace mdimappend
