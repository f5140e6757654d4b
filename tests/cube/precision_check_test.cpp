// Steps of a slice against steps of the target.

#include "cube/precision_check.h"

#include <gmock/gmock.h>

namespace mdimappend
{

namespace
{

NumberConversion steps(double from, double to)
{
    return {.from = {.type = GDT_Int16, .scale = from, .offset = 3.},
            .to = {.type = GDT_Int16, .scale = to, .offset = 4.}};
}

TEST(PrecisionCheck, takesStepsThatAreEightTimesAsCoarse)
{
    EXPECT_TRUE(checkPrecision(steps(0.01, 0.01)));
    EXPECT_TRUE(checkPrecision(steps(0.01, 0.08)));
    EXPECT_TRUE(checkPrecision(steps(0.1, 0.8)));
    EXPECT_TRUE(checkPrecision(steps(-0.01, 0.08)));
    EXPECT_TRUE(checkPrecision(steps(1, 1e-9)));
    const auto status = checkPrecision(steps(0.01, 0.0801));
    EXPECT_EQ(status.kind(), Failure::Refused);
    EXPECT_EQ(status.message(),
              "it is packed in steps of 0.01, the target in steps of 0.0801, "
              "in the same units: more than 8 times as coarse. --on-precision "
              "round would round to them, by up to 0.04005; a new cube with "
              "--encoding NAME:dtype=float32 is not packed.");
    EXPECT_FALSE(checkPrecision(steps(-0.01, 0.1)));
    EXPECT_FALSE(checkPrecision(steps(0.01, -0.1)));
}

TEST(PrecisionCheck, comparesInTheTargetsUnits)
{
    auto rules = steps(1, 0.05);
    rules.units = *UnitConversion::make("cm", "m");
    EXPECT_TRUE(checkPrecision(rules));
    rules.to.scale = 0.1;
    EXPECT_FALSE(checkPrecision(rules));
    rules.units = *UnitConversion::make("degC", "K");
    EXPECT_TRUE(checkPrecision(rules));
    // Of logarithms no step is like the other.
    rules.units = *UnitConversion::make("dBZ", "mm6 m-3");
    rules.to.scale = 1e9;
    EXPECT_TRUE(checkPrecision(rules));
}

TEST(PrecisionCheck, isAboutIntegersOnBothSides)
{
    auto rules = steps(1e-6, 1);
    rules.from.type = GDT_Float32;
    EXPECT_TRUE(checkPrecision(rules));
    rules = steps(1e-6, 1);
    rules.to.type = GDT_Float32;
    EXPECT_TRUE(checkPrecision(rules));
    // What is not packed is not rounded.
    rules = steps(1e-6, 1);
    rules.to.offset.reset();
    EXPECT_TRUE(checkPrecision(rules));
    // Integers that are not packed have steps of 1.
    rules = steps(1, 10);
    rules.from.scale.reset();
    rules.from.offset.reset();
    EXPECT_FALSE(checkPrecision(rules));
}

}  // namespace

}  // namespace mdimappend
