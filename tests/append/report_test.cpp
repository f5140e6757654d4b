// Lines of the report.

#include "append/report.h"

#include <gtest/gtest.h>

namespace mdimappend
{

namespace
{

std::string lineOf(const std::string &name)
{
    SliceReport report;
    report.slice = name;
    report.outcome = SliceReport::Outcome::AlreadyThere;
    report.rowsAlreadyThere = 1;
    return toText(report, "time");
}

TEST(Report, aNameStandsInFrontOfAColon)
{
    EXPECT_EQ(lineOf("d/a.nc"), "d/a.nc: 1 step of time already there\n");
}

/// Terminals, and who copies it, would take the colon for a part of it.
TEST(Report, noColonFollowsAnAddress)
{
    EXPECT_EQ(lineOf("https://host/a.nc?sig=x").substr(0, 20),
              "'https://host/a.nc?s");
    EXPECT_NE(lineOf("s3://b/a.nc").find("'s3://b/a.nc': 1 step"),
              std::string::npos);
}

}  // namespace

}  // namespace mdimappend
