// Units that udunits2 converts, and those that it must not.

#include "units/unit_conversion.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace mdimappend
{

namespace
{

double converted(double value, const std::string &from, const std::string &to)
{
    const auto conversion = UnitConversion::make(from, to);
    EXPECT_TRUE(conversion) << conversion.status().message();
    if (!conversion)
        return std::numeric_limits<double>::quiet_NaN();
    double result = 0;
    conversion->apply(&value, &result, 1);
    return result;
}

bool areSame(const std::string &from, const std::string &to)
{
    const auto conversion = UnitConversion::make(from, to);
    return conversion && conversion->isIdentity();
}

/// The message; empty if it is not refused.
std::string refusal(const std::string &from, const std::string &to)
{
    const auto conversion = UnitConversion::make(from, to);
    if (conversion)
        return {};
    EXPECT_EQ(conversion.status().kind(), Failure::Refused);
    return conversion.status().message();
}

TEST(UnitConversion, convertsWhatMeasuresTheSame)
{
    EXPECT_DOUBLE_EQ(converted(20, "degC", "K"), 293.15);
    EXPECT_DOUBLE_EQ(converted(293.15, "K", "degC"), 20);
    EXPECT_NEAR(converted(32, "degF", "K"), 273.15, 1e-10);
    EXPECT_NEAR(converted(212, "degF", "degC"), 100, 1e-10);
    EXPECT_DOUBLE_EQ(converted(1013.25, "hPa", "Pa"), 101325);
    EXPECT_DOUBLE_EQ(converted(1, "mm/day", "m s-1"), 1e-3 / 86400);
    EXPECT_DOUBLE_EQ(converted(1, "mm day-1", "m s-1"), 1e-3 / 86400);
    EXPECT_DOUBLE_EQ(converted(55, "%", "1"), 0.55);
    EXPECT_DOUBLE_EQ(converted(35, "g kg-1", "1"), 0.035);
    EXPECT_DOUBLE_EQ(converted(2.5, "km", "m"), 2500);
    EXPECT_DOUBLE_EQ(converted(36, "hours", "days"), 1.5);
    EXPECT_DOUBLE_EQ(converted(20, "dBZ", "mm6 m-3"), 100);
}

TEST(UnitConversion, theSameUnitInAnotherSpellingChangesNothing)
{
    EXPECT_TRUE(areSame("degC", "celsius"));
    EXPECT_TRUE(areSame("K", "kelvin"));
    EXPECT_TRUE(areSame("m s-1", "m/s"));
    EXPECT_TRUE(areSame("m s-1", "meters per second"));
    EXPECT_TRUE(areSame("hPa", "millibar"));
    EXPECT_TRUE(areSame("degF", "fahrenheit"));
    EXPECT_TRUE(areSame("m**2 s**-2", "m2/s2"));
    EXPECT_TRUE(areSame(" W m-2\n", "W/m^2"));
    EXPECT_TRUE(areSame("1e-3", "g/kg"));
    EXPECT_FALSE(areSame("km", "m"));
    EXPECT_FALSE(areSame("degC", "K"));
}

TEST(UnitConversion, utf8IsUnderstood)
{
    EXPECT_TRUE(areSame("°C", "degC"));
    EXPECT_TRUE(areSame("°F", "degF"));
    EXPECT_DOUBLE_EQ(converted(1, "µm", "m"), 1e-6);  // micro sign
    EXPECT_DOUBLE_EQ(converted(1, "μm", "m"), 1e-6);  // Greek mu
    EXPECT_TRUE(areSame("m²", "m2"));
    EXPECT_TRUE(areSame("W m⁻²", "W m-2"));
    EXPECT_TRUE(areSame("m s⁻¹⁰", "m s-10"));
    EXPECT_DOUBLE_EQ(converted(1, "µg m⁻³", "kg m-3"), 1e-9);
    EXPECT_FALSE(refusal("\xff\xfe", "m").empty());
}

TEST(UnitConversion, spellingsThatUdunits2TakesForSomethingElse)
{
    // To udunits2: an angle times a temperature; and times a charge.
    EXPECT_DOUBLE_EQ(converted(20, "degrees Celsius", "K"), 293.15);
    EXPECT_DOUBLE_EQ(converted(20, "degree C", "K"), 293.15);
    EXPECT_TRUE(areSame("degrees Kelvin", "K"));
    EXPECT_TRUE(areSame("deg F", "degF"));
    EXPECT_TRUE(areSame("(0 - 1)", "1"));
    EXPECT_TRUE(areSame("dimensionless", "1"));
    EXPECT_TRUE(areSame("fraction", "1"));
    EXPECT_TRUE(areSame("[m/s]", "m s-1"));
    EXPECT_TRUE(areSame("[C]", "degC"));
    EXPECT_DOUBLE_EQ(converted(50, "[%]", "1"), 0.5);
}

TEST(UnitConversion, letterCaseIsOfMatter)
{
    EXPECT_THAT(refusal("pa", "Pa"), testing::HasSubstr("do not measure"));
    EXPECT_THAT(refusal("MM", "mm"), testing::HasSubstr("'MM' is not a unit"));
    EXPECT_DOUBLE_EQ(converted(1, "Mg", "mg"), 1e9);
}

TEST(UnitConversion, whatMeasuresSomethingElseIsRefused)
{
    EXPECT_EQ(refusal("kg m-2 s-1", "mm/day"),
              "'kg m-2 s-1' and 'mm/day' do not measure the same thing");
    EXPECT_THAT(refusal("K", "m"), testing::HasSubstr("do not measure"));
    // udunits2 would divide 1 by it.
    EXPECT_THAT(refusal("s", "Hz"), testing::HasSubstr("do not measure"));
    EXPECT_THAT(refusal("m", "m-1"), testing::HasSubstr("do not measure"));
    EXPECT_THAT(refusal("degC", "hPa"), testing::HasSubstr("do not measure"));
}

TEST(UnitConversion, whatIsNoUnitIsRefused)
{
    EXPECT_EQ(refusal("furlongs per fortnite", "m s-1"),
              "'furlongs per fortnite' is not a unit that udunits2 knows");
    EXPECT_THAT(refusal("m", "psu"), testing::HasSubstr("'psu' is not a unit"));
    EXPECT_THAT(refusal("", "1"), testing::HasSubstr("no units are given"));
    EXPECT_THAT(refusal("m", "  "), testing::HasSubstr("no units are given"));
    EXPECT_FALSE(refusal("(((", "m").empty());
    EXPECT_FALSE(refusal("[]", "m").empty());
}

TEST(UnitConversion, equalTextsAreTheSameUnitEvenIfUnknown)
{
    EXPECT_TRUE(areSame("psu", " psu "));
    EXPECT_TRUE(areSame("", ""));
}

TEST(UnitConversion, timesSinceADateAreRefused)
{
    EXPECT_THAT(refusal("days since 2000-01-01", "hours since 2000-01-01"),
                testing::HasSubstr("is a time since a date"));
    EXPECT_THAT(refusal("days since 2000-01-01", "days since 2000-01-01"),
                testing::HasSubstr("is a time since a date"));
    EXPECT_THAT(refusal("days", "days since 2000-01-01"),
                testing::HasSubstr("is a time since a date"));
    EXPECT_THAT(refusal("s @ 1970-01-01", "s"),
                testing::HasSubstr("is a time since a date"));
}

TEST(UnitConversion, arraysAreConvertedInPlaceToo)
{
    const auto conversion = UnitConversion::make("degC", "K");
    ASSERT_TRUE(conversion);
    std::vector<double> values{0, -273.15, 26.85, std::nan("")};
    conversion->apply(values.data(), values.data(), values.size());
    EXPECT_DOUBLE_EQ(values[0], 273.15);
    EXPECT_DOUBLE_EQ(values[1], 0);
    EXPECT_DOUBLE_EQ(values[2], 300);
    EXPECT_TRUE(std::isnan(values[3]));

    const auto identity = UnitConversion::make("K", "K");
    std::vector<double> copy(values.size());
    identity->apply(values.data(), copy.data(), values.size());
    EXPECT_EQ(copy[2], values[2]);
}

TEST(UnitConversion, threadsMakeAndUseConversions)
{
    const auto shared = UnitConversion::make("hPa", "Pa");
    ASSERT_TRUE(shared);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
    {
        threads.emplace_back(
            [&]
            {
                for (int n = 0; n < 200; ++n)
                {
                    EXPECT_DOUBLE_EQ(converted(n, "km", "m"), n * 1000.0);
                    EXPECT_FALSE(refusal("nonsense", "m").empty());
                    const double value = n;
                    double result = 0;
                    shared->apply(&value, &result, 1);
                    EXPECT_DOUBLE_EQ(result, n * 100.0);
                }
            });
    }
    for (auto &thread : threads)
        thread.join();
}

}  // namespace

}  // namespace mdimappend
