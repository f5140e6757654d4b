// Dates that --label-from reads from file names.

#include "slice/slice_label.h"

#include <gmock/gmock.h>

namespace mdimappend
{
namespace
{

using testing::HasSubstr;

std::string dateOf(std::string_view name, std::string_view pattern)
{
    auto date = dateInName(name, pattern);
    return date ? *date : date.status().message();
}

TEST(DateInName, takesTheDateBetweenWildcards)
{
    EXPECT_EQ(dateOf("S2_T33UXP_20200131_B04.tif", "S2_*_%Y%m%d_*.tif"),
              "2020-01-31");
}

TEST(DateInName, hasATimeOnlyIfThePatternHas)
{
    EXPECT_EQ(dateOf("a2020013106.nc", "a%Y%m%d%H.nc"), "2020-01-31T06:00:00");
    EXPECT_EQ(dateOf("a20200131T061530.nc", "a%Y%m%dT%H%M%S.nc"),
              "2020-01-31T06:15:30");
}

TEST(DateInName, knowsDayOfYearShortYearAndMonthName)
{
    EXPECT_EQ(dateOf("MOD.A2020060.hdf", "MOD.A%Y%j.hdf"), "2020-02-29");
    EXPECT_EQ(dateOf("x991231", "x%y%m%d"), "1999-12-31");
    EXPECT_EQ(dateOf("x681231", "x%y%m%d"), "2068-12-31");
    EXPECT_EQ(dateOf("05FEB2021.dat", "%d%b%Y.dat"), "2021-02-05");
    EXPECT_EQ(dateOf("100%_2020", "100%%_%Y"), "2020-01-01");
}

TEST(DateInName, startsNumbersAtTheirFirstDigit)
{
    EXPECT_EQ(dateOf("x20200131120000.nc", "*%Y%m%d*"), "2020-01-31");
}

TEST(DateInName, refusesANameThatDoesNotMatch)
{
    for (const char *name : {"b20200131.nc", "a20201331.nc", "a2020013.nc",
                             "a20200131.nc.tmp", ""})
    {
        const auto date = dateInName(name, "a%Y%m%d.nc");
        ASSERT_FALSE(date) << name;
        EXPECT_EQ(date.status().kind(), Failure::Refused);
        EXPECT_THAT(date.status().message(), HasSubstr("does not match"));
    }
    EXPECT_FALSE(dateInName("a2021366", "a%Y%j"));
}

TEST(DateInName, refusesTwoPossibleDates)
{
    const auto date = dateInName("a_20200101_20200201_x", "*_%Y%m%d_*");
    ASSERT_FALSE(date);
    EXPECT_THAT(date.status().message(), HasSubstr("2020-01-01 or 2020-02-01"));
}

TEST(DateInName, requiresRepeatedCodesToAgree)
{
    EXPECT_EQ(dateOf("2020/x_20200131", "%Y/x_%Y%m%d"), "2020-01-31");
    EXPECT_FALSE(dateInName("2021/x_20200131", "%Y/x_%Y%m%d"));
}

TEST(DateInName, callsABadPatternWrongUsage)
{
    for (const char *pattern : {"a%Q%Y", "a%m%d", "a%Y%", "plain"})
    {
        const auto date = dateInName("a", pattern);
        ASSERT_FALSE(date) << pattern;
        EXPECT_EQ(date.status().kind(), Failure::Usage) << pattern;
    }
}

TEST(DateInName, survivesManyWildcards)
{
    const std::string name(200, 'a');
    EXPECT_FALSE(dateInName(name, "*a*a*a*a*a*a*a*a*b%Y"));
}

TEST(IsoDate, recodesTiffDatesOnly)
{
    EXPECT_EQ(isoDate("2020:01:31 06:00:00"), "2020-01-31T06:00:00");
    EXPECT_EQ(isoDate("2020-01-31"), "2020-01-31");
    EXPECT_EQ(isoDate("12"), "12");
}

}  // namespace
}  // namespace mdimappend
