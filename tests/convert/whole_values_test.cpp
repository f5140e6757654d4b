// What comes out of a conversion into integers that are not packed: whole, or
// refused. And how far packing rounds.

#include "convert/conversion.h"

#include <cpl_float.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>
#include <vector>

namespace mdimappend
{

namespace
{

using testing::HasSubstr;

NumberConversion between(GDALDataType from, const char *units, GDALDataType to,
                         const char *targetUnits)
{
    NumberConversion rules;
    rules.from.type = from;
    rules.to.type = to;
    rules.units = *UnitConversion::make(units, targetUnits);
    return rules;
}

/// The message; empty if the value is taken.
template <class S, class T>
std::string refusalOf(const Conversion &conversion, S value, T &result)
{
    const auto status = conversion.apply(&value, &result, 1);
    EXPECT_TRUE(status || status.kind() == Failure::Refused);
    return status.message();
}

/// `count` values of which none is refused, in blocks.
template <class S, class T>
std::vector<T> all(const Conversion &conversion, const std::vector<S> &values)
{
    std::vector<T> result(values.size());
    const auto status =
        conversion.apply(values.data(), result.data(), values.size());
    EXPECT_TRUE(status) << status.message();
    return result;
}

struct Ratio
{
    const char *from, *to;
    std::int64_t times, by;
};

/// The witness are integers: value * times / by has a remainder or has none.
TEST(WholeValues, integersInOtherUnitsComeOutWholeOrAreRefused)
{
    std::mt19937_64 random(1);
    for (const auto &[from, to, times, by] :
         {Ratio{"cm", "m", 1, 100}, Ratio{"minutes", "hours", 1, 60},
          Ratio{"hours", "minutes", 60, 1}, Ratio{"s", "days", 1, 86400},
          Ratio{"km", "mm", 1000000, 1}, Ratio{"ns", "s", 1, 1000000000},
          Ratio{"hours", "ns", 3600000000000, 1}, Ratio{"ms", "h", 1, 3600000},
          Ratio{"Pa", "hPa", 1, 100}, Ratio{"inches", "cm", 254, 100},
          Ratio{"weeks", "days", 7, 1}, Ratio{"degC", "K", 1, 1}})
    {
        SCOPED_TRACE(std::string(from) + " to " + to);
        const bool isShifted = std::string(from) == "degC";
        const auto conversion =
            *Conversion::numbers(between(GDT_Int64, from, GDT_Int64, to));
        const int bits = std::bit_width(static_cast<std::uint64_t>(times));
        const auto largest = std::int64_t{1} << (31 - std::min(bits, 20));
        std::vector<std::int64_t> whole, wanted;
        for (int i = 0; i < 2000; ++i)
        {
            const auto value =
                static_cast<std::int64_t>(random() % (2 * largest)) - largest;
            // 273.15 is no whole number: no degree Celsius is.
            if (isShifted || value * times % by != 0)
            {
                std::int64_t stored = 0;
                EXPECT_THAT(refusalOf(conversion, value, stored),
                            HasSubstr("cannot be held exactly"))
                    << value;
            }
            const auto one = value * by;
            whole.push_back(one);
            wanted.push_back(value * times);
        }
        if (isShifted)
            continue;
        EXPECT_EQ((all<std::int64_t, std::int64_t>(conversion, whole)), wanted);
    }
}

/// A double does not count them: 2^53 ns are 104 days.
TEST(WholeValues, aYearInNanosecondsIsExact)
{
    const auto hours =
        *Conversion::numbers(between(GDT_Int32, "hours", GDT_Int64, "ns"));
    std::vector<std::int32_t> leads;
    std::vector<std::int64_t> wanted;
    for (std::int32_t hour = -8784; hour <= 8784; ++hour)
    {
        leads.push_back(hour);
        wanted.push_back(hour * std::int64_t{3600000000000});
    }
    EXPECT_EQ((all<std::int32_t, std::int64_t>(hours, leads)), wanted);
    const auto ns =
        *Conversion::numbers(between(GDT_Int64, "ns", GDT_Int64, "us"));
    EXPECT_EQ((all<std::int64_t, std::int64_t>(ns, {9007199254740993000})),
              std::vector<std::int64_t>{9007199254740993});
    std::int64_t stored = 0;
    EXPECT_THAT(refusalOf(ns, std::int64_t{9007199254740993001}, stored),
                HasSubstr("cannot be held exactly"));
    // Halves of an hour are fractions in the slice, too.
    const auto fractions =
        *Conversion::numbers(between(GDT_Float64, "hours", GDT_Int64, "ns"));
    EXPECT_EQ((all<double, std::int64_t>(fractions, {0.5, 8784})),
              (std::vector<std::int64_t>{1800000000000, wanted.back()}));
}

TEST(WholeValues, packedValuesComeOutWholeOrAreRefused)
{
    for (const bool kelvin : {false, true})
    {
        NumberConversion rules;
        rules.from = {
            .type = GDT_Int16, .scale = 0.01, .offset = kelvin ? 273.15 : 0};
        rules.to.type = GDT_Int32;
        if (kelvin)
            rules.units = *UnitConversion::make("K", "degC");
        const auto conversion = *Conversion::numbers(rules);
        std::vector<std::int16_t> codes;
        std::vector<std::int32_t> wanted;
        for (int code = -32768; code <= 32767; ++code)
        {
            if (code % 100 == 0)
            {
                codes.push_back(static_cast<std::int16_t>(code));
                wanted.push_back(code / 100);
                continue;
            }
            std::int32_t stored = 0;
            ASSERT_NE(
                refusalOf(conversion, static_cast<std::int16_t>(code), stored),
                "")
                << code;
        }
        EXPECT_EQ((all<std::int16_t, std::int32_t>(conversion, codes)), wanted);
    }
}

TEST(WholeValues, theMessageOffersNothingThatRounds)
{
    const auto conversion =
        *Conversion::numbers(between(GDT_Int16, "cm", GDT_Int16, "m"));
    std::int16_t stored = 0;
    EXPECT_EQ(refusalOf(conversion, std::int16_t{150}, stored),
              "the value 1.5, in the slice 150, cannot be held exactly by the "
              "target's type Int16; the nearest is 2. A new cube can hold it: "
              "--encoding NAME:dtype=float64 when it is made.");
}

TEST(WholeValues, aFloatIsWholeToItsLastDigit)
{
    const auto conversion =
        *Conversion::numbers(between(GDT_Float32, "m", GDT_Int16, "mm"));
    EXPECT_EQ((all<float, std::int16_t>(conversion, {0.3F, 0.1F, 2.7F})),
              (std::vector<std::int16_t>{300, 100, 2700}));
    std::int16_t stored = 0;
    for (const float value : {0.3001F, std::nextafter(0.3F, 1.F) + 1e-7F})
        EXPECT_NE(refusalOf(conversion, value, stored), "") << value;
    // The same number with more digits says more.
    const auto doubles =
        *Conversion::numbers(between(GDT_Float64, "m", GDT_Int16, "mm"));
    EXPECT_NE(refusalOf(doubles, double{0.3F}, stored), "");
}

TEST(WholeValues, fractionsAreKeptToTheLastDigitOfTheTarget)
{
    const auto singles =
        *Conversion::numbers(between(GDT_Int16, "cm", GDT_Float32, "m"));
    EXPECT_EQ((all<std::int16_t, float>(singles, {150, 1})),
              (std::vector<float>{1.5F, 0.01F}));
    EXPECT_EQ(singles.rounding(), 0);
    const auto halves =
        *Conversion::numbers(between(GDT_Float32, "mg", GDT_Float16, "g"));
    GFloat16 stored{};
    EXPECT_EQ(refusalOf(halves, 300.F, stored), "");
    EXPECT_EQ(static_cast<double>(stored), 0.300048828125);
    // 1e-8 would be 0.
    EXPECT_NE(refusalOf(halves, 1e-5F, stored), "");
}

TEST(WholeValues, whoAsksForTheTypeGetsItRounded)
{
    auto rules = between(GDT_Int16, "cm", GDT_Int16, "m");
    rules.mayRound = true;
    const auto conversion = *Conversion::numbers(rules);
    EXPECT_EQ(
        (all<std::int16_t, std::int16_t>(conversion, {150, 250, 270, 300})),
        (std::vector<std::int16_t>{2, 2, 3, 3}));
    EXPECT_EQ(conversion.rounding(), 0.5);
    NumberConversion plain;
    plain.from.type = GDT_Float32;
    plain.to.type = GDT_UInt8;
    plain.mayRound = true;
    const auto cut = *Conversion::numbers(plain);
    EXPECT_EQ((all<float, std::uint8_t>(cut, {1.25F, 2})),
              (std::vector<std::uint8_t>{1, 2}));
    EXPECT_EQ(cut.rounding(), 0.25);
}

/// |what is decoded - what was to be stored|, value by value.
double largestDifference(const std::vector<double> &values,
                         const std::vector<std::int16_t> &codes, double scale,
                         double offset)
{
    double largest = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
    {
        if (codes[i] != -32768)
            largest = std::max(
                largest, std::fabs(codes[i] * scale + offset - values[i]));
    }
    return largest;
}

TEST(Rounding, isTheLargestOfAllThatWasPacked)
{
    for (const double scale : {0.01, -0.25, 3.})
    {
        NumberConversion rules;
        rules.from.type = GDT_Float64;
        rules.to = {.type = GDT_Int16,
                    .scale = scale,
                    .offset = 10,
                    .missing = std::string("\0\x80", 2)};
        rules.onOverflow = OnOverflow::Fill;
        const auto conversion = *Conversion::numbers(rules);
        std::mt19937 random(2);
        std::uniform_real_distribution<double> any(-100, 100);
        for (int part = 0; part < 3; ++part)
        {
            conversion.forgetRounding();
            EXPECT_EQ(conversion.rounding(), 0);
            std::vector<double> values(5000);
            // The last two parts hold what sends their blocks the other way.
            for (auto &value : values)
                value = any(random) * std::fabs(scale) / (part == 1 ? 1000 : 1);
            if (part > 0)
                values[1234] = 1e9;
            values[77] = std::nan("");
            const auto codes = all<double, std::int16_t>(conversion, values);
            EXPECT_NEAR(conversion.rounding(),
                        largestDifference(values, codes, scale, 10),
                        1e-10 * std::fabs(scale));
            EXPECT_LE(conversion.rounding(), std::fabs(scale) / 2);
        }
    }
}

TEST(Rounding, isThatOfAllThreads)
{
    NumberConversion rules;
    rules.from.type = GDT_Float32;
    rules.to = {.type = GDT_UInt8, .scale = 0.5};
    const auto conversion = *Conversion::numbers(rules);
    std::vector<std::thread> threads;
    for (int one = 0; one < 4; ++one)
    {
        threads.emplace_back(
            [&, one]
            {
                const std::vector<float> values(3000,
                                                10 + 0.03125F * float(one));
                all<float, std::uint8_t>(conversion, values);
            });
    }
    for (auto &thread : threads)
        thread.join();
    EXPECT_EQ(conversion.rounding(), 0.09375);
}

TEST(Rounding, isNoneWhereValuesAreThoseOfThePacking)
{
    NumberConversion rules;
    rules.from = {.type = GDT_Int16, .scale = 0.1, .offset = 273.15};
    rules.to = {.type = GDT_Int32, .scale = 0.01};
    const auto conversion = *Conversion::numbers(rules);
    std::vector<std::int16_t> codes;
    for (int code = -32768; code <= 32767; ++code)
        codes.push_back(static_cast<std::int16_t>(code));
    all<std::int16_t, std::int32_t>(conversion, codes);
    EXPECT_EQ(conversion.rounding(), 0);
}

}  // namespace

}  // namespace mdimappend
