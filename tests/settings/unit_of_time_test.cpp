// Units of time in the spellings that people use.

#include "settings/unit_of_time.h"

#include "settings/options.h"
#include "settings/step.h"

#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

TEST(UnitsOfTime, areKnownInWordsOfAnyCase)
{
    const std::pair<const char *, const char *> spellings[] = {
        {"d", "D"},        {"D", "D"},          {"day", "D"},
        {"Days", "D"},     {"HOURS", "h"},      {"hr", "h"},
        {"hrs", "h"},      {"min", "min"},      {"mins", "min"},
        {"Minute", "min"}, {"sec", "s"},        {"seconds", "s"},
        {"S", "s"},        {"ms", "ms"},        {"milliseconds", "ms"},
        {"us", "us"},      {"w", "W"},          {"weeks", "W"},
        {"mo", "mo"},      {"months", "mo"},    {"y", "Y"},
        {"years", "Y"},    {"nanosecond", "ns"}};
    for (const auto &[spelling, unit] : spellings)
        EXPECT_EQ(unitOfTime(spelling), unit) << spelling;
}

TEST(UnitsOfTime, areNotGuessed)
{
    for (const char *spelling : {"m", "M", " m", "Ms", "MS", "NS", "fortnight",
                                 "", "s s", "dayss", "H1"})
        EXPECT_EQ(unitOfTime(spelling), "") << spelling;
}

TEST(UnitsOfTime, mAreMinutesWhereMonthsCannotBe)
{
    EXPECT_EQ(parseDuration("5m").takeStatus().message(), "");
    EXPECT_EQ((*parseDuration("5m"))->count(), 300);
    EXPECT_EQ((*parseDuration("1 day"))->count(), 86400);
    EXPECT_EQ((*parseDuration("250"))->count(), 250);
    EXPECT_FALSE(parseDuration("5M"));
    EXPECT_FALSE(parseDuration("1mo"));
    EXPECT_FALSE(parseDuration("1 "));
    EXPECT_EQ((*parseDuration("1 d"))->count(), 86400);
    EXPECT_EQ((*parseDuration("1 D"))->count(), 86400);
    EXPECT_FALSE(parseDuration(""));
    EXPECT_FALSE(parseDuration("day"));
}

TEST(UnitsOfTime, areAddedUp)
{
    for (const char *text : {"1h30m", "1h 30 min", "90m", "1h1800s", "1.5 h"})
    {
        ASSERT_TRUE(parseDuration(text)) << text;
        EXPECT_EQ((*parseDuration(text))->count(), 5400) << text;
    }
    for (const char *text :
         {"1h30", "1h m", "h30m", "1h-5m", "1h30M", "1h30mo"})
        EXPECT_FALSE(parseDuration(text)) << text;
    EXPECT_EQ(parseStep("1h30m")->nanoseconds, parseStep("1.5h")->nanoseconds);
    EXPECT_EQ(parseStep("-1d 12 h")->nanoseconds,
              parseStep("-36h")->nanoseconds);
    EXPECT_EQ(parseStep("1 d")->nanoseconds, parseStep("24h")->nanoseconds);
    for (const char *text :
         {"1h30", "30m1h", "1h1h", "1mo1d", "1h-30m", "1h30M", "0h0m"})
        EXPECT_FALSE(parseStep(text)) << text;
}

TEST(UnitsOfTime, ofAStepAreNeverMinutesOrMonths)
{
    for (const char *text : {"1m", "1M", "-1m"})
    {
        const auto step = parseStep(text);
        ASSERT_FALSE(step) << text;
        EXPECT_EQ(step.status().kind(), Failure::Usage);
        EXPECT_NE(step.status().message().find("spelled min"),
                  std::string::npos);
    }
    EXPECT_EQ(parseStep("1 month")->months, 1);
    EXPECT_EQ(parseStep("2 years")->months, 24);
    EXPECT_EQ(parseStep("90 min")->nanoseconds, parseStep("1.5h")->nanoseconds);
}

}  // namespace
}  // namespace mdimappend
