// What a conversion of numbers does with missing values, with what does not
// fit, and what it says about it. Exactness: append_conversion_exact_test.cpp.

#include "convert/conversion.h"

#include <cpl_float.h>
#include <gmock/gmock.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

namespace mdimappend
{

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;
using testing::Not;

constexpr double infinity = std::numeric_limits<double>::infinity();
const double nan = std::nan("");

template <class T> std::string bytes(T element)
{
    return {reinterpret_cast<const char *>(&element), sizeof(element)};
}

template <class T> constexpr GDALDataType typeOf()
{
    return GDALDataType(std::is_same_v<T, std::uint8_t>    ? GDT_UInt8
                        : std::is_same_v<T, std::int8_t>   ? GDT_Int8
                        : std::is_same_v<T, std::uint16_t> ? GDT_UInt16
                        : std::is_same_v<T, std::int16_t>  ? GDT_Int16
                        : std::is_same_v<T, std::uint32_t> ? GDT_UInt32
                        : std::is_same_v<T, std::int32_t>  ? GDT_Int32
                        : std::is_same_v<T, std::uint64_t> ? GDT_UInt64
                        : std::is_same_v<T, std::int64_t>  ? GDT_Int64
                        : std::is_same_v<T, GFloat16>      ? GDT_Float16
                        : std::is_same_v<T, float>         ? GDT_Float32
                                                           : GDT_Float64);
}

template <class T> ElementForm form()
{
    return {.type = typeOf<T>()};
}

template <class T> ElementForm form(T missing)
{
    return {.type = typeOf<T>(), .missing = bytes(missing)};
}

template <class T> ElementForm packed(double scale, double offset)
{
    return {.type = typeOf<T>(), .scale = scale, .offset = offset};
}

template <class T> ElementForm packed(double scale, double offset, T missing)
{
    auto one = packed<T>(scale, offset);
    one.missing = bytes(missing);
    return one;
}

ElementForm truthValues()
{
    return {.type = GDT_UInt8, .truthValues = true};
}

Conversion conversionOf(const NumberConversion &rules)
{
    auto conversion = Conversion::numbers(rules);
    EXPECT_TRUE(conversion) << conversion.status().message();
    return conversion ? *conversion : Conversion();
}

template <class S, class T>
std::vector<T> converted(const NumberConversion &rules,
                         const std::vector<S> &values,
                         std::uint64_t altered = 0)
{
    EXPECT_EQ(rules.from.type, typeOf<S>());
    EXPECT_EQ(rules.to.type, typeOf<T>());
    std::vector<T> result(values.size());
    const auto conversion = conversionOf(rules);
    const auto status =
        conversion.apply(values.data(), result.data(), values.size());
    EXPECT_TRUE(status) << status.message();
    EXPECT_EQ(conversion.altered(), altered);
    return result;
}

/// The message; empty if the value is taken.
template <class S> std::string refusal(const NumberConversion &rules, S value)
{
    EXPECT_EQ(rules.from.type, typeOf<S>());
    double result = 0;
    const auto status = conversionOf(rules).apply(&value, &result, 1);
    if (status)
        return {};
    EXPECT_EQ(status.kind(), Failure::Refused);
    return status.message();
}

std::string makeRefusal(const NumberConversion &rules)
{
    const auto conversion = Conversion::numbers(rules);
    if (conversion)
        return {};
    EXPECT_EQ(conversion.status().kind(), Failure::Refused);
    return conversion.status().message();
}

TEST(Conversion, theSameFormOnBothSidesIsTakenAsItIs)
{
    EXPECT_TRUE(conversionOf({form<float>(), form<float>()}).isNone());
    EXPECT_TRUE(conversionOf({form<float>(), form(float(nan))}).isNone());
    EXPECT_TRUE(conversionOf({form<float>(-1.F), form<float>(-1.F)}).isNone());
    EXPECT_TRUE(conversionOf({form(float(nan)), form<float>()}).isNone());
    EXPECT_TRUE(conversionOf({form(float(nan)), form(-float(nan))}).isNone());
    EXPECT_TRUE(conversionOf({packed<std::int16_t>(0.1, 5),
                              packed<std::int16_t>(0.1, 5)})
                    .isNone());
    EXPECT_TRUE(conversionOf({packed<std::int16_t>(1, 0), form<std::int16_t>()})
                    .isNone());
    EXPECT_TRUE(conversionOf({truthValues(), truthValues()}).isNone());
    NumberConversion sameUnits{form<float>(), form<float>()};
    sameUnits.units = *UnitConversion::make("degC", "celsius");
    EXPECT_TRUE(conversionOf(sameUnits).isNone());

    EXPECT_FALSE(conversionOf({form<float>(), form<float>(-1.F)}).isNone());
    EXPECT_FALSE(conversionOf({form<float>(), form<float>(0.F)}).isNone());
    EXPECT_FALSE(conversionOf({form<float>(-1.F), form<float>()}).isNone());
    EXPECT_FALSE(conversionOf({form<float>(-1.F), form(-2.F)}).isNone());
    EXPECT_FALSE(conversionOf({packed<std::int16_t>(0.1, 5),
                               packed<std::int16_t>(0.1, 4)})
                     .isNone());
}

TEST(Conversion, theMissingValueBecomesTheTargets)
{
    EXPECT_THAT(
        (converted<std::int16_t, std::int16_t>(
            {form<std::int16_t>(-9), form<std::int16_t>(-5)}, {1, -9, 3})),
        ElementsAre(1, -5, 3));
    EXPECT_THAT((converted<std::int16_t, float>(
                    {form<std::int16_t>(-9), form(float(nan))}, {1, -9})),
                ElementsAre(1, IsNan()));
    EXPECT_THAT((converted<std::int16_t, float>(
                    {form<std::int16_t>(-9), form<float>()}, {1, -9})),
                ElementsAre(1, IsNan()));
    EXPECT_THAT(
        (converted<float, double>({form(1e20F), form(1e20)}, {1e20F, 5})),
        ElementsAre(1e20, 5));
    EXPECT_THAT((converted<std::int64_t, std::uint64_t>(
                    {form<std::int64_t>(-1), form<std::uint64_t>(UINT64_MAX)},
                    {-1, INT64_MAX})),
                ElementsAre(UINT64_MAX, std::uint64_t{INT64_MAX}));
    // One that a double would take for its neighbour.
    EXPECT_THAT((converted<std::int64_t, std::int64_t>(
                    {form<std::int64_t>(INT64_MIN + 1), form<std::int64_t>(0)},
                    {INT64_MIN, INT64_MIN + 1, INT64_MIN + 2})),
                ElementsAre(INT64_MIN, 0, INT64_MIN + 2));
    EXPECT_THAT(
        (converted<std::int64_t, double>(
            {{.type = GDT_Int64, .scale = 0.5, .missing = bytes(INT64_MIN + 1)},
             form<double>()},
            {INT64_MIN, INT64_MIN + 1})),
        ElementsAre(-0x1p62, IsNan()));
}

TEST(Conversion, packingMakesMissingValuesOfNaNAndBack)
{
    EXPECT_THAT(
        (converted<float, std::int16_t>(
            {form<float>(-99.F), packed<std::int16_t>(0.01, 273.15, -32768)},
            {float(nan), 273.15F, 300.F, -99.F})),
        ElementsAre(-32768, 0, 2685, -32768));
    EXPECT_THAT(
        (converted<std::int16_t, double>(
            {packed<std::int16_t>(0.5, 10, -1), form<double>()}, {-1, 0, 3})),
        ElementsAre(IsNan(), 10, 11.5));
    EXPECT_THAT((converted<std::int16_t, double>(
                    {packed<std::int16_t>(0.5, 10, -1), form<double>(-7.)},
                    {-1, 0, 3})),
                ElementsAre(-7, 10, 11.5));
    EXPECT_THAT((converted<std::int16_t, std::uint8_t>(
                    {packed<std::int16_t>(0.5, 10, -1),
                     packed<std::uint8_t>(0.25, 10, 255)},
                    {-1, 0, 3})),
                ElementsAre(255, 0, 6));
}

TEST(Conversion, nanIsMissingWhereNothingElseCanBeMeant)
{
    const auto f = float(nan);
    EXPECT_THAT((converted<float, std::int16_t>(
                    {form<float>(), form<std::int16_t>(-9)}, {f, 1})),
                ElementsAre(-9, 1));
    EXPECT_THAT((converted<float, float>({form(-1.F), form(-2.F)}, {f, -1})),
                ElementsAre(-2, -2));
    EXPECT_THAT((converted<float, float>({form(f), form(-2.F)}, {f, -1})),
                ElementsAre(-2, -1));
    // Here it is a NaN, as it was.
    EXPECT_THAT((converted<float, float>({form(-1.F), form<float>()}, {f, -1})),
                ElementsAre(IsNan(), IsNan()));
    EXPECT_THAT((converted<double, float>({form(-1.), form(-1.F)}, {nan, -1})),
                ElementsAre(IsNan(), -1));
    EXPECT_THAT(
        (converted<double, float>({form<double>(), form(-1.F)}, {nan, 2})),
        ElementsAre(IsNan(), 2));
}

TEST(Conversion, aMissingValueNeedsOneInTheTarget)
{
    EXPECT_EQ(refusal<std::int16_t>(
                  {form<std::int16_t>(-9), form<std::int16_t>()}, -9),
              "a missing value, and no missing value in the target to hold it; "
              "give the array one with --encoding NAME:nodata=... when the "
              "target is made.");
    EXPECT_THAT(refusal<std::int64_t>(
                    {form<std::int64_t>(-9), form<std::int16_t>()}, -9),
                HasSubstr("no missing value in the target"));
    EXPECT_THAT(refusal({form<float>(), form<std::int16_t>()}, float(nan)),
                HasSubstr("NaN, as a missing value, and no missing value"));
    EXPECT_THAT(
        refusal({form<float>(), packed<std::uint8_t>(0.1, 0)}, float(nan)),
        HasSubstr("NaN, as a missing value, and no missing value"));
    for (const auto policy : {OnOverflow::Clamp, OnOverflow::Fill})
    {
        EXPECT_THAT(refusal({.from = form<float>(),
                             .to = form<std::int16_t>(),
                             .onOverflow = policy},
                            float(nan)),
                    HasSubstr("no missing value"));
    }
}

TEST(Conversion, aValidValueNeverBecomesTheMissingValue)
{
    NumberConversion rules{form<std::int16_t>(-9), form<std::int16_t>(5)};
    EXPECT_THAT(refusal<std::int16_t>(rules, 5),
                HasSubstr("the value 5 would read as missing: it is stored as "
                          "5, which the target says is missing. A cube"));
    rules.onOverflow = OnOverflow::Clamp;
    EXPECT_THAT((converted<std::int16_t, std::int16_t>(rules, {5, -9, 4}, 1)),
                ElementsAre(4, 5, 4));
    rules.onOverflow = OnOverflow::Fill;
    EXPECT_THAT((converted<std::int16_t, std::int16_t>(rules, {5, -9, 4}, 1)),
                ElementsAre(5, 5, 4));

    const NumberConversion narrowed{form<double>(), form<std::int16_t>(-32768)};
    EXPECT_THAT(refusal(narrowed, -32768.0), HasSubstr("read as missing"));
    const NumberConversion packs{form<double>(),
                                 packed<std::int16_t>(0.1, 0, -32768)};
    EXPECT_THAT(refusal(packs, -3276.8),
                HasSubstr("the value -3276.8 (packed: -32768) would read as "
                          "missing"));
    EXPECT_THAT((converted<double, std::int16_t>(
                    {.from = form<double>(),
                     .to = packed<std::int16_t>(0.1, 0, -32768),
                     .onOverflow = OnOverflow::Clamp},
                    {-3276.8, -1e9, 1e9}, 3)),
                ElementsAre(-32767, -32767, 32767));
    EXPECT_THAT((converted<double, std::uint8_t>(
                    {.from = form<double>(),
                     .to = packed<std::uint8_t>(1, 0.25, 255),
                     .onOverflow = OnOverflow::Clamp},
                    {255.25, 1e300, infinity, -infinity}, 4)),
                ElementsAre(254, 254, 254, 0));
    EXPECT_THAT((converted<double, std::uint8_t>(
                    {.from = form<double>(),
                     .to = packed<std::uint8_t>(1, 0.25, 100),
                     .onOverflow = OnOverflow::Clamp},
                    {100.5, 99.9, 100.25}, 3)),
                ElementsAre(101, 99, 99));
    EXPECT_THAT((converted<double, float>({.from = form<double>(-5.),
                                           .to = form(0.F),
                                           .onOverflow = OnOverflow::Clamp},
                                          {0., -5., 1.}, 1)),
                ElementsAre(Not(0), 0, 1));
    // Rounded to it.
    EXPECT_THAT(
        refusal(
            {.from = form<double>(-999.), .to = form(-999.F), .mayRound = true},
            std::nextafter(-999., 0)),
        HasSubstr("read as missing"));
    EXPECT_THAT(
        (converted<double, float>(
            {.from = form<double>(-999.), .to = form(-999.F), .mayRound = true},
            {-999., 0.1})),
        ElementsAre(-999, 0.1F));
}

template <class T>
ElementForm among(ElementForm form, const std::vector<T> &others)
{
    for (const T other : others)
        form.alsoMissing.push_back(bytes(other));
    return form;
}

TEST(Conversion, allMissingValuesOfTheSliceBecomeTheTargets)
{
    const auto slice = among<std::int16_t>(form<std::int16_t>(-9), {-8, -7});
    EXPECT_THAT((converted<std::int16_t, std::int16_t>(
                    {slice, form<std::int16_t>(5)}, {-9, 1, -8, 2, -7})),
                ElementsAre(5, 1, 5, 2, 5));
    EXPECT_THAT((converted<std::int16_t, float>({slice, form<float>()},
                                                {-9, 1, -8, 2, -7})),
                ElementsAre(IsNan(), 1, IsNan(), 2, IsNan()));
    EXPECT_THAT(
        (converted<std::int16_t, float>(
            {among<std::int16_t>(packed<std::int16_t>(0.5, 1, -9), {32766}),
             form<float>()},
            {-9, 32766, 4})),
        ElementsAre(IsNan(), IsNan(), 3));
    EXPECT_THAT((converted<float, float>(
                    {among<float>(form(float(nan)), {-999.F}), form(-1.F)},
                    {-999.F, 3.F, float(nan)})),
                ElementsAre(-1, 3, -1));
    // Two that a double would take for one.
    EXPECT_THAT((converted<std::int64_t, std::int64_t>(
                    {among<std::int64_t>(form<std::int64_t>(0), {INT64_MAX}),
                     form<std::int64_t>(-1)},
                    {INT64_MAX - 1, INT64_MAX, 0})),
                ElementsAre(INT64_MAX - 1, -1, -1));
}

TEST(Conversion, aValidValueNeverBecomesAnyOfTheMissingValues)
{
    const auto target = among<std::int16_t>(form<std::int16_t>(5), {7, 8});
    NumberConversion rules{form<std::int16_t>(-9), target};
    EXPECT_THAT(refusal<std::int16_t>(rules, 8), HasSubstr("read as missing"));
    rules.onOverflow = OnOverflow::Clamp;
    EXPECT_THAT((converted<std::int16_t, std::int16_t>(rules, {8, -9, 4}, 1)),
                ElementsAre(6, 5, 4));
    // Those at the end have no free neighbour but on the other side.
    EXPECT_THAT(
        (converted<double, std::int8_t>(
            {.from = form<double>(),
             .to = among<std::int8_t>(form<std::int8_t>(-128), {-127, -126}),
             .onOverflow = OnOverflow::Clamp,
             .mayRound = true},
            {-126.2, -500}, 2)),
        ElementsAre(-125, -125));
}

TEST(Conversion, theSameMissingValuesInAnyOrderNeedNoConversion)
{
    const auto form9 = form<std::int16_t>(-9);
    const auto form8 = form<std::int16_t>(-8);
    EXPECT_TRUE(conversionOf({among<std::int16_t>(form9, {-8}),
                              among<std::int16_t>(form8, {-9})})
                    .isNone());
    EXPECT_FALSE(
        conversionOf({among<std::int16_t>(form9, {-8}), form9}).isNone());
    EXPECT_FALSE(
        conversionOf({form9, among<std::int16_t>(form9, {-8})}).isNone());
}

TEST(Conversion, whatDoesNotFitIsRefusedClampedOrFilled)
{
    NumberConversion rules{form<float>(),
                           packed<std::int16_t>(0.01, 0, -32768)};
    EXPECT_EQ(refusal(rules, 1000.F),
              "the value 1000 (packed: 100000) does not fit the target's type "
              "Int16, which holds -32768 to 32767 with scale 0.01 and offset "
              "0. A new cube can have a type or a scale that holds it "
              "(--encoding NAME:dtype=...); --on-overflow fill would store a "
              "missing value.");
    EXPECT_THAT(refusal(rules, float(infinity)), HasSubstr("the value inf"));
    const std::vector<float> values{1, 1000, -1000, float(nan),
                                    float(infinity)};
    rules.onOverflow = OnOverflow::Clamp;
    EXPECT_THAT((converted<float, std::int16_t>(rules, values, 3)),
                ElementsAre(100, 32767, -32767, -32768, 32767));
    rules.onOverflow = OnOverflow::Fill;
    EXPECT_THAT((converted<float, std::int16_t>(rules, values, 3)),
                ElementsAre(100, -32768, -32768, -32768, -32768));
    rules.to.missing.reset();
    EXPECT_THAT(refusal(rules, 1000.F),
                HasSubstr("the value 1000 (packed: 100000) does not fit, "
                          "and the target has no missing value for "
                          "--on-overflow fill."));
}

TEST(Conversion, whatDoesNotFitAPlainTypeIsRefusedClampedOrFilled)
{
    EXPECT_EQ(refusal<std::int32_t>(
                  {form<std::int32_t>(), form<std::uint8_t>()}, 300),
              "the value 300 does not fit the target's type Byte, which holds "
              "0 to 255. A new cube can have a type or a scale that holds it "
              "(--encoding NAME:dtype=...).");
    EXPECT_THAT(
        refusal({form<std::uint64_t>(), form<std::int64_t>()}, UINT64_MAX),
        HasSubstr("the value 18446744073709551615 does not fit"));
    EXPECT_THAT(refusal({form<double>(), form<float>()}, 1e39),
                HasSubstr("does not fit the target's type Float32, which "
                          "holds -3.4028234663852886e+38 to"));
    EXPECT_THAT(
        (converted<std::int64_t, std::int8_t>({.from = form<std::int64_t>(),
                                               .to = form<std::int8_t>(-128),
                                               .onOverflow = OnOverflow::Clamp},
                                              {INT64_MAX, INT64_MIN, 5}, 2)),
        ElementsAre(127, -127, 5));
    // An infinity is one; a finite value does not become one.
    EXPECT_THAT((converted<double, float>({.from = form<double>(),
                                           .to = form<float>(),
                                           .onOverflow = OnOverflow::Clamp},
                                          {1e39, -1e300, infinity}, 2)),
                ElementsAre(std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::lowest(), infinity));
    EXPECT_THAT((converted<double, float>({.from = form<double>(),
                                           .to = form<float>(),
                                           .onOverflow = OnOverflow::Fill},
                                          {1e39, 2}, 1)),
                ElementsAre(IsNan(), 2));
}

TEST(Conversion, whatIsNotExactIsRefusedUnlessItMayBeRounded)
{
    EXPECT_EQ(refusal({form<double>(), form<float>()}, 0.1),
              "the value 0.1 cannot be held exactly by the target's type "
              "Float32; the nearest is 0.10000000149011612. --encoding "
              "NAME:dtype=float32 would store that.");
    EXPECT_THAT(
        refusal({form<float>(), form<std::int32_t>()}, 1.5F),
        HasSubstr("cannot be held exactly by the target's type Int32; "
                  "the nearest is 2. A new cube can hold it: --encoding "
                  "NAME:dtype=float32 when it is made."));
    EXPECT_EQ(refusal<std::int64_t>({form<std::int64_t>(), form<double>()},
                                    (1LL << 53) + 1),
              "the value 9007199254740993 cannot be held exactly by the "
              "target's type Float64; the nearest is 9007199254740992. "
              "--encoding NAME:dtype=float64 would store that.");
    EXPECT_EQ(refusal<std::int64_t>({form<std::int64_t>(), form<double>()},
                                    (1LL << 53) + 2),
              "");
    // What does not fit does so first.
    EXPECT_THAT(refusal({form<float>(), form<std::int8_t>()}, 300.5F),
                HasSubstr("does not fit"));

    EXPECT_THAT(
        (converted<double, std::int8_t>({.from = form<double>(),
                                         .to = form<std::int8_t>(),
                                         .mayRound = true},
                                        {0.5, 1.5, 2.5, -0.5, -1.5, 127.4})),
        ElementsAre(0, 2, 2, 0, -2, 127));
    EXPECT_THAT(
        (converted<double, float>(
            {.from = form<double>(), .to = form<float>(), .mayRound = true},
            {0.1})),
        ElementsAre(0.1F));
    EXPECT_THAT(
        (converted<std::int64_t, double>({.from = form<std::int64_t>(),
                                          .to = form<double>(),
                                          .mayRound = true},
                                         {(1LL << 53) + 1, (1LL << 53) + 3})),
        ElementsAre(0x1p53, 0x1p53 + 4));
    EXPECT_THAT(refusal({.from = form<double>(),
                         .to = form<std::int8_t>(),
                         .mayRound = true},
                        127.6),
                HasSubstr("does not fit"));
}

TEST(Conversion, boolTakes0And1Only)
{
    EXPECT_THAT((converted<std::uint8_t, std::uint8_t>(
                    {form<std::uint8_t>(), truthValues()}, {0, 1, 1})),
                ElementsAre(0, 1, 1));
    EXPECT_THAT((converted<float, std::uint8_t>({form<float>(), truthValues()},
                                                {0, 1})),
                ElementsAre(0, 1));
    EXPECT_THAT((converted<std::int64_t, std::uint8_t>(
                    {form<std::int64_t>(), truthValues()}, {0, 1})),
                ElementsAre(0, 1));
    EXPECT_THAT(
        refusal<std::uint8_t>({form<std::uint8_t>(), truthValues()}, 2),
        HasSubstr("the value 2 does not fit the target's type bool, which "
                  "holds 0 to 1."));
    EXPECT_THAT(refusal<std::int64_t>({form<std::int64_t>(), truthValues()}, 2),
                HasSubstr("type bool"));
    EXPECT_THAT(refusal<std::int8_t>({form<std::int8_t>(), truthValues()}, -1),
                HasSubstr("type bool"));
    EXPECT_THAT(refusal({form<float>(), truthValues()}, 0.5F),
                HasSubstr("cannot be held exactly"));
    EXPECT_THAT(refusal({form<float>(), truthValues()}, float(nan)),
                HasSubstr("no missing value"));
    // 0 is what it is padded with, not a missing value.
    auto padded = truthValues();
    padded.missing = bytes<std::uint8_t>(0);
    EXPECT_TRUE(conversionOf({padded, padded}).isNone());
    EXPECT_EQ(refusal<std::uint8_t>({form<std::uint8_t>(), padded}, 0), "");
    EXPECT_THAT(
        (converted<std::uint8_t, float>({padded, form<float>()}, {0, 1})),
        ElementsAre(0, 1));
}

TEST(Conversion, complexNumbersAreTakenOrWidened)
{
    const ElementForm narrow{.type = GDT_CFloat32};
    const ElementForm wide{.type = GDT_CFloat64};
    EXPECT_TRUE(conversionOf({narrow, narrow}).isNone());
    const std::complex<float> value(1.5F, -2);
    std::complex<double> result;
    ASSERT_TRUE(conversionOf({narrow, wide}).apply(&value, &result, 1));
    EXPECT_EQ(result, std::complex<double>(1.5, -2));

    EXPECT_THAT(makeRefusal({wide, narrow}), HasSubstr("cannot hold every"));
    EXPECT_THAT(makeRefusal({wide, form<double>()}),
                HasSubstr("cannot hold every"));
    auto scaled = wide;
    scaled.scale = 2;
    EXPECT_THAT(makeRefusal({scaled, wide}), HasSubstr("complex"));
    EXPECT_THAT(makeRefusal({narrow, packed<float>(2, 0)}),
                HasSubstr("complex"));
    NumberConversion units{wide, wide};
    units.units = *UnitConversion::make("km", "m");
    EXPECT_THAT(makeRefusal(units), HasSubstr("complex"));
    auto marked = wide;
    marked.missing = bytes(std::complex<double>(-1, 0));
    EXPECT_TRUE(conversionOf({marked, marked}).isNone());
    EXPECT_THAT(makeRefusal({marked, wide}), HasSubstr("complex"));
}

TEST(Conversion, packingWithoutSenseIsRefused)
{
    for (const double scale : {0., -0., nan, infinity})
    {
        EXPECT_THAT(makeRefusal({packed<float>(scale, 0), form<float>()}),
                    HasSubstr("the slice is packed with scale"));
        EXPECT_THAT(makeRefusal({form<float>(), packed<float>(scale, 0)}),
                    HasSubstr("the target is packed with scale"));
    }
    for (const double offset : {nan, -infinity})
        EXPECT_THAT(makeRefusal({form<float>(), packed<float>(1, offset)}),
                    HasSubstr("and offset"));
    auto wrong = form<float>();
    wrong.missing = "\0";
    EXPECT_FALSE(Conversion::numbers({wrong, form<float>()}));
    EXPECT_FALSE(Conversion::numbers({ElementForm(), form<float>()}));
}

TEST(Conversion, unitsAreThoseOfValuesNotOfCodes)
{
    NumberConversion rules{packed<std::int16_t>(0.1, 0, -1),
                           packed<std::int16_t>(0.01, 273.15, -2)};
    rules.units = *UnitConversion::make("degC", "K");
    EXPECT_THAT((converted<std::int16_t, std::int16_t>(rules, {0, -1, 205})),
                ElementsAre(0, -2, 2050));
    EXPECT_THAT(refusal<std::int16_t>(rules, 32767),
                HasSubstr("the value 3549.85 (packed: 327670), in the slice "
                          "32767, does not fit"));
    NumberConversion same{form<float>(), form<float>()};
    same.units = *UnitConversion::make("hPa", "Pa");
    EXPECT_THAT((converted<float, float>(same, {1013.25F, float(nan)})),
                ElementsAre(101325, IsNan()));
    // The logarithm of a negative number is no missing value.
    NumberConversion logarithm{form<float>(), form<float>(-99.F)};
    logarithm.units = *UnitConversion::make("mm6 m-3", "dBZ");
    EXPECT_THAT((converted<float, float>(logarithm, {100, float(nan)})),
                ElementsAre(testing::FloatEq(20), -99));
    EXPECT_THAT(refusal(logarithm, -1.F),
                HasSubstr("the value NaN, in the slice -1, does not fit"));
    logarithm.onOverflow = OnOverflow::Clamp;
    EXPECT_THAT(refusal(logarithm, -1.F), HasSubstr("does not fit"));
    logarithm.onOverflow = OnOverflow::Fill;
    EXPECT_THAT((converted<float, float>(logarithm, {-1}, 1)),
                ElementsAre(-99));
}

TEST(Conversion, aValueThatOverflowsDoubleOnTheWayDoesNotFit)
{
    EXPECT_THAT(refusal({packed<double>(1e300, 0), form<double>()}, 1e10),
                HasSubstr("does not fit"));
    EXPECT_EQ(refusal({packed<double>(1e300, 0), form<double>()}, infinity),
              "");
    EXPECT_THAT((converted<double, double>({.from = packed<double>(1e300, 0),
                                            .to = form<double>(),
                                            .onOverflow = OnOverflow::Clamp},
                                           {-1e10}, 1)),
                ElementsAre(std::numeric_limits<double>::lowest()));
}

TEST(Conversion, signsOfZerosSurvive)
{
    const auto result =
        converted<double, float>({form<double>(), form<float>()}, {-0.0, 0.0});
    EXPECT_TRUE(std::signbit(result[0]));
    EXPECT_FALSE(std::signbit(result[1]));
}

TEST(Conversion, everyCountAndAlignmentGivesTheSame)
{
    const auto conversion =
        conversionOf({form<float>(), packed<std::int16_t>(0.5, 0, -32768)});
    constexpr std::size_t most = 1600;
    std::vector<char> source(most * sizeof(float) + 8);
    std::vector<char> target(most * sizeof(std::int16_t) + 8);
    for (const std::size_t count :
         {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3},
          std::size_t{255}, std::size_t{256}, std::size_t{511},
          std::size_t{512}, std::size_t{513}, std::size_t{1023},
          std::size_t{1024}, std::size_t{1025}, std::size_t{1599}})
    {
        for (const std::size_t shift : {0, 1, 3})
        {
            for (std::size_t i = 0; i < count; ++i)
            {
                const float value =
                    i % 5 == 4 ? float(nan) : static_cast<float>(i);
                std::memcpy(&source[shift + i * sizeof(value)], &value,
                            sizeof(value));
            }
            std::fill(target.begin(), target.end(), 'x');
            ASSERT_TRUE(
                conversion.apply(&source[shift], &target[shift], count));
            for (std::size_t i = 0; i < count; ++i)
            {
                std::int16_t code = 0;
                std::memcpy(&code, &target[shift + i * sizeof(code)],
                            sizeof(code));
                ASSERT_EQ(code, i % 5 == 4 ? -32768 : static_cast<int>(2 * i));
            }
            EXPECT_EQ(target[shift + count * sizeof(std::int16_t)], 'x');
        }
    }
}

TEST(Conversion, oneValueThatDoesNotFitIsFoundWhereverItIs)
{
    const auto conversion =
        conversionOf({form<std::int32_t>(), form<std::int16_t>()});
    std::vector<std::int32_t> values(1100, 7);
    std::vector<std::int16_t> codes(values.size());
    for (std::size_t at = 0; at < values.size(); ++at)
    {
        values[at] = 40000;
        EXPECT_FALSE(
            conversion.apply(values.data(), codes.data(), values.size()));
        EXPECT_TRUE(conversion.apply(values.data(), codes.data(), at));
        values[at] = 7;
    }
}

TEST(Conversion, threadsShareAConversionAndItsCount)
{
    const auto conversion =
        conversionOf({.from = form<double>(),
                      .to = packed<std::uint8_t>(0.5, 0, 255),
                      .onOverflow = OnOverflow::Clamp});
    std::vector<double> values(5000);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<double>(i % 200);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
    {
        threads.emplace_back(
            [&values, copy = conversion]
            {
                std::vector<std::uint8_t> codes(values.size());
                ASSERT_TRUE(
                    copy.apply(values.data(), codes.data(), values.size()));
                for (std::size_t k = 0; k < codes.size(); ++k)
                    ASSERT_EQ(codes[k],
                              std::min<std::size_t>(k % 200 * 2, 254));
            });
    }
    for (auto &thread : threads)
        thread.join();
    // 128 to 199 of each 200; 127 is 254.
    EXPECT_EQ(conversion.altered(), 4U * 25 * 72);
}

TEST(Conversion, truthValuesAndWideningsMadeDirectlyStillWork)
{
    const std::vector<std::uint8_t> truth{0, 1, 2};
    std::vector<std::uint8_t> stored(3);
    EXPECT_TRUE(
        Conversion::truthValues().apply(truth.data(), stored.data(), 2));
    EXPECT_FALSE(
        Conversion::truthValues().apply(truth.data(), stored.data(), 3));
    std::vector<float> wide(3);
    const auto widening = Conversion::widening(GDT_UInt8, GDT_Float32);
    EXPECT_EQ(widening.sourceSize(), 1U);
    EXPECT_TRUE(widening.apply(truth.data(), wide.data(), 3));
    EXPECT_THAT(wide, ElementsAre(0, 1, 2));
    EXPECT_TRUE(isLosslessWidening(GDT_Int16, GDT_Float32));
    EXPECT_FALSE(isLosslessWidening(GDT_Int64, GDT_Float64));
}

}  // namespace

}  // namespace mdimappend
