// Attributes as one element of an array's type.

#include "slice/missing_value.h"

#include "slice/slice_test_support.h"

#include <cmath>
#include <limits>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

TEST(ElementOf, keepsIntegersExact)
{
    EXPECT_EQ(elementAs<std::uint64_t>(elementOf(
                  Json(std::uint64_t(18446744073709551615u)), GDT_UInt64)),
              18446744073709551615u);
    EXPECT_EQ(elementAs<std::int64_t>(
                  elementOf(Json(std::int64_t(-9007199254740993)), GDT_Int64)),
              -9007199254740993);
}

TEST(ElementOf, takesAWholeNumberOfAnotherType)
{
    EXPECT_EQ(elementAs<std::int16_t>(elementOf(Json(-999.0), GDT_Int16)),
              -999);
    EXPECT_EQ(elementAs<float>(elementOf(Json(1e20), GDT_Float32)), 1e20f);
    EXPECT_EQ(elementAs<std::int16_t>(elementOf(Json("-99"), GDT_Int16)), -99);
    EXPECT_EQ(elementAs<std::uint8_t>(elementOf(Json::array({7}), GDT_UInt8)),
              7);
}

TEST(ElementOf, isNothingWhereTheTypeCannotHoldTheValue)
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(elementOf(Json(nan), GDT_Int16));
    EXPECT_FALSE(elementOf(Json(0.5), GDT_Int16));
    EXPECT_FALSE(elementOf(Json(-1), GDT_UInt8));
    EXPECT_FALSE(elementOf(Json(256), GDT_UInt8));
    EXPECT_FALSE(elementOf(Json(1e300), GDT_Float32));
    EXPECT_FALSE(elementOf(Json(18446744073709551616.0), GDT_UInt64));
    EXPECT_FALSE(elementOf(Json(9223372036854775808.0), GDT_Int64));
    EXPECT_FALSE(elementOf(Json::array({1, 2}), GDT_Int16));
    EXPECT_FALSE(elementOf(Json("none"), GDT_Int16));
    EXPECT_FALSE(elementOf(Json(), GDT_Int16));
}

TEST(ElementOf, readsNanAndInfinity)
{
    EXPECT_TRUE(
        std::isnan(elementAs<float>(elementOf(Json("NaN"), GDT_Float32))));
    EXPECT_EQ(elementAs<double>(elementOf(Json("-Infinity"), GDT_Float64)),
              -std::numeric_limits<double>::infinity());
}

TEST(ElementOf, readsXarraysBase64)
{
    EXPECT_TRUE(std::isnan(
        elementAs<float>(elementOf(Json("AAAAAAAA+H8="), GDT_Float32, true))));
    EXPECT_TRUE(std::isnan(
        elementAs<float>(elementOf(Json("AADAfw=="), GDT_Float32, true))));
}

std::vector<double> declared(const char *attributes, GDALDataType type)
{
    std::vector<double> numbers;
    for (const auto &element : declaredMissing(Json::parse(attributes), type))
    {
        double number = 0;
        GDALCopyWords64(element.data(), type, 0, &number, GDT_Float64, 0, 1);
        numbers.push_back(number);
    }
    return numbers;
}

using Numbers = std::vector<double>;

TEST(DeclaredMissing, isOneOrSeveral)
{
    EXPECT_EQ(declared("{}", GDT_Int16), Numbers());
    EXPECT_EQ(declared(R"({"missing_value": -999})", GDT_Int16),
              Numbers({-999}));
    EXPECT_EQ(declared(R"({"missing_value": [-999, -888.0, -999]})", GDT_Int16),
              Numbers({-999, -888}));
}

TEST(DeclaredMissing, isWhatTheTypeHoldsExactly)
{
    EXPECT_EQ(declared(R"({"missing_value": [1e20, 0.5, 1e300]})", GDT_Float32),
              Numbers({0.5}));
    EXPECT_EQ(declared(R"({"missing_value": [0.5, 300, -1]})", GDT_UInt8),
              Numbers());
    EXPECT_EQ(declared(R"({"missing_value": "none"})", GDT_Float32), Numbers());
}

TEST(DeclaredMissing, isNeverNaN)
{
    Json attributes;
    attributes["missing_value"] = std::nan("");
    EXPECT_TRUE(declaredMissing(attributes, GDT_Float32).empty());
    EXPECT_TRUE(declaredMissing(attributes, GDT_Int16).empty());
}

TEST(DeclaredMissing, hasTheBitsThatUnsignedSays)
{
    const char *negative = R"({"missing_value": -2, "_Unsigned": "true"})";
    EXPECT_EQ(declared(negative, GDT_UInt8), Numbers({254}));
    EXPECT_EQ(declared(negative, GDT_Int8), Numbers({-2}));
    EXPECT_EQ(declared(R"({"missing_value": -2})", GDT_UInt8), Numbers());
}

}  // namespace
}  // namespace mdimappend
