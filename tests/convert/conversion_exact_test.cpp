// Conversions of numbers against other ways to compute them: long double, which
// holds every number of every type exactly, and numpy
// (data/packing_cases.json, made by the script beside it).

#include "convert/conversion.h"
#include "convert/element_types.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace mdimappend
{

namespace
{

static_assert(std::numeric_limits<long double>::digits >= 64);

constexpr std::array types{GDT_Int8,    GDT_UInt8,   GDT_Int16,  GDT_UInt16,
                           GDT_Int32,   GDT_UInt32,  GDT_Int64,  GDT_UInt64,
                           GDT_Float16, GDT_Float32, GDT_Float64};

template <class T> T fromBits(std::uint64_t bits)
{
    T element;
    std::memcpy(static_cast<void *>(&element), &bits, sizeof(element));
    return element;
}

template <class T> std::string bytesOf(const T &element)
{
    return {reinterpret_cast<const char *>(&element), sizeof(element)};
}

template <class T> long double exactly(T element)
{
    if constexpr (std::is_integral_v<T>)
        return element;
    else
        return static_cast<double>(element);
}

/// Half to even, for any floating point format: the multiple of the last place.
template <class T> long double roundedTo(long double value)
{
    constexpr int bits = significandBits<T>();
    constexpr int lowest = sizeof(T) == 2 ? -24 : sizeof(T) == 4 ? -149 : -1074;
    if (value == 0 || !std::isfinite(value))
        return value;
    int exponent = 0;
    std::frexp(value, &exponent);
    const long double place =
        std::ldexp(1.0L, std::max(exponent - bits, lowest));
    return std::nearbyint(value / place) * place;
}

template <class T> long double largestOf()
{
    if constexpr (std::is_integral_v<T>)
        return std::numeric_limits<T>::max();
    else
        return largestFinite<T>();
}

template <class T> long double smallestOf()
{
    if constexpr (std::is_integral_v<T>)
        return std::numeric_limits<T>::min();
    else
        return -largestFinite<T>();
}

struct Policy
{
    OnOverflow onOverflow = OnOverflow::Error;
    bool mayRound = false;
};

/// What a value should become: nothing if it should be refused.
template <class T>
std::optional<T> expected(long double value, bool isMissing, bool mayRound,
                          OnOverflow onOverflow, std::optional<T> missing)
{
    const auto absent = [&]() -> std::optional<T>
    {
        if (missing)
            return missing;
        if constexpr (!std::is_integral_v<T>)
            return static_cast<T>(std::nan(""));
        return std::nullopt;
    };
    if (isMissing)
        return absent();
    if (std::isnan(value))
        return std::is_integral_v<T> ? absent() : static_cast<T>(std::nan(""));
    const long double rounded =
        std::is_integral_v<T> ? std::nearbyint(value) : roundedTo<T>(value);
    const bool infinite = std::isinf(value) && !std::is_integral_v<T>;
    const bool fits =
        infinite || (rounded >= smallestOf<T>() && rounded <= largestOf<T>());
    const bool collides = missing && rounded == exactly(*missing);
    if (fits && !collides)
    {
        if (rounded != value && !mayRound)
            return std::nullopt;
        if constexpr (std::is_integral_v<T>)
            return static_cast<T>(rounded);
        else
            return static_cast<T>(static_cast<double>(rounded));
    }
    if (onOverflow == OnOverflow::Fill)
        return absent();
    return std::nullopt;
}

template <class T> bool areSame(T a, T b)
{
    if constexpr (!std::is_integral_v<T>)
    {
        if (std::isnan(static_cast<double>(a)))
            return std::isnan(static_cast<double>(b));
    }
    return std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <class S> std::vector<S> specialAndRandom()
{
    std::vector<S> values;
    std::mt19937_64 random(20260101);
    for (int i = 0; i < 3000; ++i)
        values.push_back(fromBits<S>(random()));
    // Around the limits of every type, and halfway between integers.
    for (const int exponent : {0, 7, 8, 11, 15, 16, 24, 31, 32, 53, 63, 64})
    {
        for (const long double sign : {-1, 1})
        {
            const long double power = sign * std::ldexp(1.0L, exponent);
            for (const long double near :
                 {-2., -1.5, -1., -0.5, -0.25, 0., 0.25, 0.5, 1., 1.5, 2.})
            {
                const long double value = power + near;
                if constexpr (std::is_integral_v<S>)
                {
                    if (value >= smallestOf<S>() && value <= largestOf<S>())
                        values.push_back(static_cast<S>(value));
                }
                else
                {
                    const S center = static_cast<S>(value);
                    for (const S one :
                         {center, std::nextafter(center, S(0)),
                          std::nextafter(center,
                                         std::copysign(S(INFINITY), center))})
                        values.push_back(one);
                }
            }
        }
    }
    if constexpr (std::is_integral_v<S>)
    {
        for (int i = 0; i < 2000; ++i)
            values.push_back(
                static_cast<S>(random() >> (random() % (8 * sizeof(S)))));
    }
    else
    {
        using Limits = std::numeric_limits<S>;
        for (const S value :
             {S(0), Limits::denorm_min(), Limits::min(), Limits::max(),
              Limits::infinity(), Limits::quiet_NaN(), S(65504), S(65519),
              S(65520), S(0x1p-24), S(0x1p-25), S(0x1.8p-25), S(0x1p-149),
              S(0x1p-150), S(0x1.fffffep127), S(0x1.ffffffp127)})
        {
            values.push_back(value);
            values.push_back(-value);
        }
        for (int i = 0; i < 2000; ++i)
            values.push_back(static_cast<S>(
                std::ldexp(static_cast<double>(random()) - 0x1p63,
                           -static_cast<int>(random() % 64))));
    }
    return values;
}

/// All values of 8 and 16 bits; of others the special ones and random ones.
template <class S> std::vector<S> samples()
{
    if constexpr (sizeof(S) <= 2)
    {
        std::vector<S> values;
        for (std::uint64_t bits = 0; bits < 1U << (8 * sizeof(S)); ++bits)
            values.push_back(fromBits<S>(bits));
        return values;
    }
    else
        return specialAndRandom<S>();
}

template <class S, class T>
void checkPlainRoad(std::optional<S> missingFrom, std::optional<T> missingTo,
                    GDALDataType from, GDALDataType to, bool mayRound)
{
    NumberConversion rules;
    rules.from.type = from;
    rules.to.type = to;
    if (missingFrom)
        rules.from.missing = bytesOf(*missingFrom);
    if (missingTo)
        rules.to.missing = bytesOf(*missingTo);
    rules.mayRound = mayRound;

    const auto isMissing = [&](S value)
    { return missingFrom && exactly(value) == exactly(*missingFrom); };
    const bool sameMissing = missingFrom && missingTo &&
                             exactly(*missingFrom) == exactly(*missingTo);
    const bool nothingMissing = !missingFrom && !missingTo;
    const bool asItIs =
        isLosslessWidening(from, to) && (nothingMissing || sameMissing);
    const auto wanted = [&](S value, OnOverflow onOverflow)
    {
        const bool nan = std::isnan(exactly(value));
        if (asItIs)
            return expected<T>(exactly(value), false, false, onOverflow, {});
        return expected<T>(exactly(value),
                           isMissing(value) || (nan && missingFrom &&
                                                missingTo && !sameMissing),
                           mayRound, onOverflow, missingTo);
    };

    const auto conversion = Conversion::numbers(rules);
    ASSERT_TRUE(conversion) << conversion.status().message();
    const auto values = samples<S>();
    std::vector<S> good;
    std::vector<T> goodCodes;
    int tried = 0;
    for (const S value : values)
    {
        const auto code = wanted(value, OnOverflow::Error);
        if (code)
        {
            good.push_back(value);
            goodCodes.push_back(*code);
        }
        // All 65536, one by one, for all pairs, take long.
        else if (++tried % (sizeof(S) == 2 ? 37 : 3) == 0)
        {
            T stored{};
            const auto status = conversion->apply(&value, &stored, 1);
            ASSERT_FALSE(status)
                << exactly(value) << " became " << exactly(stored);
            EXPECT_EQ(status.kind(), Failure::Refused);
        }
    }
    std::vector<T> codes(good.size());
    const auto status =
        conversion->apply(good.data(), codes.data(), good.size());
    ASSERT_TRUE(status) << status.message();
    for (std::size_t i = 0; i < good.size(); ++i)
        ASSERT_TRUE(areSame(codes[i], goodCodes[i]))
            << exactly(good[i]) << " became " << exactly(codes[i])
            << " instead of " << exactly(goodCodes[i]);

    // Once more with all that can be filled.
    rules.onOverflow = OnOverflow::Fill;
    const auto filling = Conversion::numbers(rules);
    good.clear();
    goodCodes.clear();
    std::uint64_t altered = 0;
    for (const S value : values)
    {
        if (const auto code = wanted(value, OnOverflow::Fill))
        {
            good.push_back(value);
            goodCodes.push_back(*code);
            altered += !wanted(value, OnOverflow::Error);
        }
    }
    codes.assign(good.size(), T{});
    const auto filled = filling->apply(good.data(), codes.data(), good.size());
    ASSERT_TRUE(filled) << filled.message();
    for (std::size_t i = 0; i < good.size(); ++i)
        ASSERT_TRUE(areSame(codes[i], goodCodes[i])) << exactly(good[i]);
    EXPECT_EQ(filling->altered(), altered);
}

class PlainRoad : public testing::TestWithParam<GDALDataType>
{
};

TEST_P(PlainRoad, isExactToEveryType)
{
    const auto from = GetParam();
    for (const auto to : types)
    {
        SCOPED_TRACE(std::string("to ") + GDALGetDataTypeName(to));
        withElementType(
            from,
            [&]<class S>(std::type_identity<S>)
            {
                withElementType(
                    to,
                    [&]<class T>(std::type_identity<T>)
                    {
                        checkPlainRoad<S, T>({}, {}, from, to, false);
                        checkPlainRoad<S, T>({}, T(7), from, to, true);
                        checkPlainRoad<S, T>({}, T(0), from, to, false);
                        checkPlainRoad<S, T>(S(5), {}, from, to, true);
                        checkPlainRoad<S, T>(S(5), T(7), from, to, false);
                        checkPlainRoad<S, T>(S(5), T(7), from, to, true);
                        checkPlainRoad<S, T>(S(9), T(9), from, to, false);
                    });
            });
        if (HasFatalFailure())
            return;
    }
}

INSTANTIATE_TEST_SUITE_P(ConversionFrom, PlainRoad, testing::ValuesIn(types),
                         [](const auto &one) -> std::string
                         { return GDALGetDataTypeName(one.param); });

const std::array<std::pair<double, double>, 7> packings{{{0.01, 273.15},
                                                         {0.1, 0},
                                                         {-0.05, 100},
                                                         {1.0 / 3, -1e4},
                                                         {1e-7, 12345.678},
                                                         {0.25, 3},
                                                         {1000, 1e6}}};

template <class T> void checkRoundTrip(GDALDataType type, GDALDataType floats)
{
    const auto codes = samples<T>();
    for (const auto &[scale, offset] : packings)
    {
        // float holds the values of 16 bits only where the offset is not much
        // larger than the step.
        if (floats == GDT_Float32 && std::fabs(offset / scale) > 1e5)
            continue;
        SCOPED_TRACE(std::to_string(scale) + ", " + std::to_string(offset));
        const ElementForm packed{
            .type = type, .scale = scale, .offset = offset};
        const ElementForm plain{.type = floats};
        const auto unpack = Conversion::numbers({packed, plain});
        const auto pack = Conversion::numbers({plain, packed});
        ASSERT_TRUE(unpack && pack);
        std::vector<char> values(codes.size() * 8);
        std::vector<T> again(codes.size());
        ASSERT_TRUE(unpack->apply(codes.data(), values.data(), codes.size()));
        const auto status =
            pack->apply(values.data(), again.data(), codes.size());
        ASSERT_TRUE(status) << status.message();
        ASSERT_EQ(again, codes);
    }
}

TEST(ConversionPacking, unpackingAndPackingGivesEveryCodeBack)
{
    for (const auto floats : {GDT_Float32, GDT_Float64})
    {
        checkRoundTrip<std::int8_t>(GDT_Int8, floats);
        checkRoundTrip<std::uint8_t>(GDT_UInt8, floats);
        checkRoundTrip<std::int16_t>(GDT_Int16, floats);
        checkRoundTrip<std::uint16_t>(GDT_UInt16, floats);
    }
    checkRoundTrip<std::int32_t>(GDT_Int32, GDT_Float64);
    checkRoundTrip<std::uint32_t>(GDT_UInt32, GDT_Float64);
}

/// Values of S as the formulas give them, one by one.
template <class S, class T>
void checkArithmeticRoad(GDALDataType from, GDALDataType to)
{
    struct Packing
    {
        double scale, offset;
    };

    for (const auto &[a, b] :
         {std::pair<Packing, Packing>{{1, 0}, {0.01, 273.15}},
          {{1, 0}, {0.5, 0}},
          {{0.1, -5}, {1, 0}},
          {{0.02, 10}, {-0.3, 4}},
          {{1e15, 0}, {1e-3, 0}},
          {{1, 0}, {1e-30, 0}},
          {{2, 1}, {2, 3}}})
    {
        SCOPED_TRACE(std::to_string(a.scale) + " to " +
                     std::to_string(b.scale));
        const S missingFrom = S(5);
        const T missingTo = T(7);
        NumberConversion rules;
        rules.from = {.type = from,
                      .scale = a.scale,
                      .offset = a.offset,
                      .missing = bytesOf(missingFrom)};
        rules.to = {.type = to,
                    .scale = b.scale,
                    .offset = b.offset,
                    .missing = bytesOf(missingTo)};
        rules.onOverflow = OnOverflow::Fill;
        // What is not packed is rounded only if that was asked for
        // (whole_values_test.cpp).
        rules.mayRound = true;
        const auto conversion = Conversion::numbers(rules);
        ASSERT_TRUE(conversion);
        const auto values = samples<S>();
        std::vector<T> codes(values.size());
        const auto status =
            conversion->apply(values.data(), codes.data(), values.size());
        ASSERT_TRUE(status) << status.message();
        std::uint64_t altered = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
        {
            const double value =
                static_cast<double>(values[i]) * a.scale + a.offset;
            const double scaled = (value - b.offset) / b.scale;
            const bool missing = exactly(values[i]) == 5 || std::isnan(scaled);
            std::optional<T> code = expected<T>(scaled, missing, true,
                                                OnOverflow::Error, missingTo);
            // Infinite on the way.
            if (std::isinf(scaled) && std::isfinite(exactly(values[i])))
                code.reset();
            altered += !code;
            const T wanted = code.value_or(missingTo);
            ASSERT_EQ(exactly(codes[i]), exactly(wanted)) << exactly(values[i]);
        }
        EXPECT_EQ(conversion->altered(), altered);
    }
}

TEST(ConversionPacking, followsTheFormulasBetweenAllTypes)
{
    for (const auto from : types)
    {
        for (const auto to : types)
        {
            SCOPED_TRACE(std::string(GDALGetDataTypeName(from)) + " to " +
                         GDALGetDataTypeName(to));
            withElementType(from,
                            [&]<class S>(std::type_identity<S>)
                            {
                                withElementType(
                                    to, [&]<class T>(std::type_identity<T>)
                                    { checkArithmeticRoad<S, T>(from, to); });
                            });
            if (HasFatalFailure())
                return;
        }
    }
}

TEST(ConversionPacking, largeIntegersAreRoundedAsDoublesAre)
{
    const ElementForm doubles{.type = GDT_Float64};
    const auto packed = [&](GDALDataType type)
    { return ElementForm{.type = type, .scale = 0.5}; };
    const auto refused = [&](GDALDataType type, double value)
    {
        std::uint64_t code = 0;
        return !Conversion::numbers({doubles, packed(type)})
                    ->apply(&value, &code, 1);
    };
    const std::vector<double> values{0x1p52,       0x1p52 + 1,  0x1.8p51,
                                     0x1p50 + 0.5, 0x1p50,      0x1p50 - 0.25,
                                     0x1p62 - 512, -0x1p62,     -0x1p50 - 0.25,
                                     0x1p49 + .25, 0x1p49 + .75};
    std::vector<std::int64_t> codes(values.size());
    ASSERT_TRUE(Conversion::numbers({doubles, packed(GDT_Int64)})
                    ->apply(values.data(), codes.data(), values.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(codes[i], std::llrint(values[i] / 0.5)) << values[i];
    EXPECT_TRUE(refused(GDT_Int64, 0x1p62));
    EXPECT_TRUE(refused(GDT_Int64, std::nextafter(-0x1p62, -INFINITY)));
    EXPECT_FALSE(refused(GDT_UInt64, std::nextafter(0x1p63, 0)));
    EXPECT_TRUE(refused(GDT_UInt64, 0x1p63));
    EXPECT_TRUE(refused(GDT_UInt64, -0.5));
    EXPECT_FALSE(refused(GDT_UInt64, -0.25));  // rounds to -0
}

TEST(ConversionPacking, packsAndUnpacksAsNumpyDoes)
{
#ifdef MDIMAPPEND_TEST_DATA
    const std::filesystem::path folder = MDIMAPPEND_TEST_DATA;
#else
    const auto folder = std::filesystem::path(__FILE__).parent_path() / "data";
#endif
    std::ifstream file(folder / "packing_cases.json");
    const auto number = [](const nlohmann::json &text)
    { return std::strtod(text.get<std::string>().c_str(), nullptr); };
    const auto packings_ = nlohmann::json::parse(file);
    ASSERT_GE(packings_.size(), 10U);
    for (const auto &packing : packings_)
    {
        const std::string name = packing[0];
        SCOPED_TRACE(name + " " + packing[1].dump());
        const auto type = GDALGetDataTypeByName(name.c_str());
        const ElementForm packed{.type = type,
                                 .scale = number(packing[1]),
                                 .offset = number(packing[2])};
        const ElementForm doubles{.type = GDT_Float64};
        const auto pack = Conversion::numbers({doubles, packed});
        const auto unpack = Conversion::numbers({packed, doubles});
        ASSERT_TRUE(pack && unpack);
        ASSERT_GE(packing[3].size(), 40U);
        for (const auto &one : packing[3])
        {
            const double value = number(one[0]);
            withElementType(type,
                            [&]<class T>(std::type_identity<T>)
                            {
                                T code{};
                                ASSERT_TRUE(pack->apply(&value, &code, 1));
                                EXPECT_EQ(exactly(code),
                                          one[1].get<std::int64_t>());
                                double back = 0;
                                ASSERT_TRUE(unpack->apply(&code, &back, 1));
                                EXPECT_EQ(back, number(one[2]));
                            });
        }
    }
}

}  // namespace

}  // namespace mdimappend
