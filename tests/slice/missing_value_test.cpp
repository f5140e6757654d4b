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

}  // namespace
}  // namespace mdimappend
