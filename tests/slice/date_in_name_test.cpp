// Dates that --label-from reads from file names.

#include "slice/product_date.h"
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

TEST(DateInPath, looksAtTheFileFirstThenAtFolders)
{
    const auto date = [](const std::string &name, std::string_view pattern)
    { return *dateInPath(name, pattern); };
    EXPECT_EQ(date("/d/20240101/x_20240105.nc", "*%Y%m%d*"), "2024-01-05");
    EXPECT_EQ(date("S2A_20240105T103021.zarr/measurements/r10m",
                   "S2A_%Y%m%dT%H%M%S.zarr"),
              "2024-01-05T10:30:21");
    EXPECT_EQ(date("/d/2024/01/05/x.nc", "%Y/%m/%d/*.nc"), "2024-01-05");
    EXPECT_EQ(date("/d/2024/005/", "%Y/%j"), "2024-01-05");
    EXPECT_EQ(date("/vsizip//d/a_20240105.zip/r/x.tif", "a_%Y%m%d.zip"),
              "2024-01-05");
}

TEST(DateInPath, isOfTheFileInASubdatasetsName)
{
    for (const char *name :
         {"HDF5:\"/d/a_20240105.h5\"://x", "HDF5:\"a_20240105.h5\"://x/y",
          "NETCDF:\"a_20240105.h5\":x", "NETCDF:a_20240105.h5:x",
          "ZARR:\"/d/a_20240105.h5\":/x/y"})
        EXPECT_EQ(*dateInPath(name, "a_%Y%m%d.h5"), "2024-01-05") << name;
}

TEST(DateInPath, isOfThePathOfAnAddress)
{
    for (const char *name :
         {"https://h/b/a_20240105.nc?sig=20240301&se=a_20250101.nc",
          "/vsicurl/https://h/b/a_20240105.nc?se=a_20250101.nc#x/2020",
          "/vsicurl?max_retry=3&url=https%3A%2F%2Fh%2Fa_20240105.nc%3Fx%3Dy",
          "s3://b/2020/a_20240105.nc"})
        EXPECT_EQ(*dateInPath(name, "a_%Y%m%d.nc"), "2024-01-05") << name;
}

TEST(DateInPath, refusesWhatIsNotPlain)
{
    const auto refusal = [](const std::string &name, std::string_view pattern)
    {
        const auto date = dateInPath(name, pattern);
        EXPECT_FALSE(date) << *date;
        return date ? std::string() : date.status().message();
    };
    EXPECT_THAT(refusal("/2023/2024/a.nc", "%Y"),
                testing::HasSubstr("2023-01-01 or 2024-01-01"));
    EXPECT_THAT(refusal("/d/20240105/a.nc", "b_%Y%m%d.nc"),
                testing::HasSubstr("the name 'a.nc' does not match"));
    // The file itself matches in two ways: no folder is asked then.
    EXPECT_THAT(refusal("/20240105/2023_2024", "*%Y*"),
                testing::HasSubstr("'2023_2024' matches"));
}

TEST(ProductDate, isReadInEachForm)
{
    for (const char *text :
         {"2024-01-05T10:20:30", "2024-01-05 10:20:30Z", "2024-01-05_10:20:30",
          "2024:01:05 10:20:30", "2024/01/05 10:20:30", "05-JAN-2024 10:20:30",
          "5 January 2024 10:20:30", "2024-005T10:20:30Z", "20240105T102030Z",
          "20240105102030", " 20240105102030 ", "05-Jan-2024 10:20:30 UTC"})
    {
        const auto date = productDate(text);
        ASSERT_TRUE(date) << text;
        EXPECT_EQ(*date, "2024-01-05T10:20:30") << text;
    }
    EXPECT_EQ(productDate("05-JAN-2024"), "2024-01-05");
    EXPECT_EQ(productDate("2024-366"), "2024-12-31");
    EXPECT_EQ(productDate("05-JAN-2024 10:20:30.250000"),
              "2024-01-05T10:20:30.250000");
}

TEST(ProductDate, isNothingThatMayBeSomethingElse)
{
    for (const char *text :
         {"", "12", "20240105", "2024005", "2024", "05-JAM-2024", "2023-366",
          "2024-000", "2024-13-01", "30-FEB-2024", "2024-01/05",
          "20240105992030", "north", "01/05/2024", "05-01-2024",
          "2024-01-05 and more", "20240105102030123456"})
        EXPECT_EQ(productDate(text), std::nullopt) << text;
}

}  // namespace
}  // namespace mdimappend
