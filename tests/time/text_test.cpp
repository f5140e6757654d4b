// Dates and units as text, and texts that no one should write.

#include "time/time_test_support.h"

#include <string>
#include <utility>
#include <vector>

namespace mdimappend::time_test
{

namespace
{

TEST(Dates, areReadInTheFormsOfIso8601AndOfCfFiles)
{
    const std::vector<std::pair<std::string, std::string>> forms = {
        {"2020", "2020-01-01"},
        {"2020-03", "2020-03-01"},
        {"2020-01-31", "2020-01-31"},
        {"+2020-01-31", "2020-01-31"},
        {"20200131", "2020-01-31"},
        {"20200131T060000Z", "2020-01-31T06:00:00"},
        {"20200131T0605", "2020-01-31T06:05:00"},
        {"20200131T060000.5+0130", "2020-01-31T04:30:00.5"},
        {"2020-01-31 06:00:00.25+02:00", "2020-01-31T04:00:00.25"},
        {"2020-01-31t06:00:00,25z", "2020-01-31T06:00:00.25"},
        {"2020-01-31T06", "2020-01-31T06:00:00"},
        {"1-1-1 0:0:0", "0001-01-01"},
        {"1900-01-01 00:00:0.0", "1900-01-01"},
        {"1970-01-01T00:00:00Z", "1970-01-01"},
        {"  1970-01-01  00:00:00  UTC ", "1970-01-01"},
        {"1970-01-01 00:00 gmt", "1970-01-01"},
        {"1970-01-01 00:00:00 0:00", "1970-01-01"},
        {"1992-10-8 15:15:42.5 -6:00", "1992-10-08T21:15:42.5"},
        {"2000-01-01 -9h", "2000-01-01T09:00:00"},
        {"2000-01-01 -9", "2000-01-01T09:00:00"},
        {"2000-01-01+01:00", "1999-12-31T23:00:00"},
        {"2000-01-01 00:00:00.000000001", "2000-01-01T00:00:00.000000001"},
        {"2000-01-01 00:00:00.1000000000000000000000", "2000-01-01T00:00:00.1"},
        {"-0044-03-15", "-0044-03-15"},
        {"12345-06-07", "12345-06-07"},
        {"999999999-12-31", "999999999-12-31"},
        {"-999999999-01-01 23:59:59", "-999999999-01-01T23:59:59"},
    };
    for (const auto &[text, date] : forms)
        EXPECT_EQ(normalized(text), date) << text;
}

TEST(Dates, aZoneMayLeadAcrossTheGapOf1582)
{
    EXPECT_EQ(normalized("1582-10-15 00:30+01:00"), "1582-10-04T23:30:00");
}

TEST(Dates, thatMakeNoSenseAreRefusedByName)
{
    const std::vector<std::pair<std::string, std::string>> forms = {
        {"", "a year expected, found ''"},
        {"   ", "a year expected"},
        {"-", "a year expected"},
        {"yesterday", "a year expected, found 'yesterday'"},
        {"2000-", "month expected, found ''"},
        {"2000-13-01", "month 13 is beyond 12"},
        {"2000-00-01", "has no such date"},
        {"2001-02-29", "has no such date"},
        {"2000-01-32", "day 32 is beyond 31"},
        {"2000-031", "month expected, found '031'"},
        {"20001301", "month 13 is beyond 12"},
        {"200001", "expected YYYY-MM-DD or YYYYMMDD"},
        {"9999999999-01-01", "has more than 9 digits"},
        {std::string(100'000, '9'), "has more than 9 digits"},
        {"2000-" + std::string(100'000, '1'), "month expected"},
        {"2000-01-01T", "hour expected, found ''"},
        {"2000-01-01T24:00", "hour 24 is beyond 23"},
        {"2000-01-01 12:60", "minute 60 is beyond 59"},
        {"2000-01-01 23:59:60", "second 60 is beyond 59"},
        {"2000-01-01 12:00:00.", "fraction of a second expected"},
        {"2000-01-01 12:00:00.0000000001", "finer than a nanosecond"},
        {"2000-01-01 12:00.5", "time zone expected, found '.5'"},
        {"2000-01 06:00", "needs a date with a day"},
        {"2000-01-01 06:00 CEST", "time zone 'CEST' is unknown"},
        {"2000-01-01 06:00 UTC+1", "'+1' is left over"},
        {"2000-01-01 06:00 +24:00", "hour of the time zone 24 is beyond 23"},
        {"2000-01-01 06:00 +01:60", "minute of the time zone 60 is beyond"},
        {"2000-01-01 06:00 +100", "time zone expected"},
        {"2000-01-01 06:00 1:00", "offset without a sign"},
        {"2000-01-01 06:00 +", "time zone expected"},
        {"2000-01-01; rm -rf", "found '; rm -rf'"},
        {"2000\xe2\x88\x92"
         "01-01",
         "found '\\xe2\\x88\\x92"},
        {std::string("2000-01-01\0", 11), "found '\\x00'"},
        {"2000-01-01\n06:00\n\xff", "'\\xff'"},
    };
    for (const auto &[text, complaint] : forms)
    {
        const auto date = parseDate(text, Calendar::Standard);
        ASSERT_FALSE(date) << text;
        const std::string message = date.status().message();
        EXPECT_TRUE(message.starts_with("date '")) << message;
        EXPECT_TRUE(contains(message, complaint)) << message;
        EXPECT_LT(message.size(), 400u);
        EXPECT_EQ(date.status().kind(), Failure::Refused);
    }
}

TEST(Dates, ofTheSmallestAndLargestInstantCanBeShown)
{
    constexpr auto largest =
        static_cast<Instant>(~static_cast<unsigned __int128>(0) >> 1);
    for (const Calendar calendar : allCalendars)
    {
        EXPECT_GT(formatDate(largest, calendar).size(), 30u);
        EXPECT_EQ(formatDate(-largest - 1, calendar).front(), '-');
    }
}

TEST(Units, haveTheSpellingsOfCfInAnyCase)
{
    const std::vector<std::pair<Instant, std::vector<std::string>>> spellings =
        {{7 * day, {"week", "weeks"}},
         {day, {"days", "day", "d", "DAYS"}},
         {hour, {"hours", "hour", "hr", "hrs", "h"}},
         {60 * second, {"minutes", "minute", "min", "mins"}},
         {second, {"seconds", "second", "sec", "secs", "s", "Seconds"}},
         {second / 1000, {"milliseconds", "msec", "ms"}},
         {second / 1'000'000, {"microseconds", "us", "\xc2\xb5s"}},
         {1, {"nanoseconds", "ns"}}};
    for (const auto &[nanoseconds, names] : spellings)
        for (const auto &name : names)
        {
            EXPECT_EQ(encodingOf(name + " since 2000-01-01").unit, nanoseconds);
            EXPECT_EQ(encodingOf(" " + name + "\tSince  2000-1-1 ").unit,
                      nanoseconds);
        }
}

TEST(Units, thatAreNoTimeAreRefusedByName)
{
    const std::vector<std::pair<std::string, std::string>> texts = {
        {"", "expected '<unit> since <date>'"},
        {"days", "expected '<unit> since <date>'"},
        {"days since", "expected '<unit> since <date>'"},
        {" since 2000-01-01", "expected '<unit> since <date>'"},
        {"dayssince2000-01-01", "expected '<unit> since <date>'"},
        {"months since 2000-01-01", "'months' have no fixed length"},
        {"Years since 2000-01-01", "'Years' have no fixed length"},
        {"kelvin since 2000-01-01", "'kelvin' is not a known unit of time"},
        {"Ms since 2000-01-01", "'Ms' is not a known unit of time"},
        {"2 days since 2000-01-01", "'2 days' is not a known unit of time"},
        {"days since since", "date 'since': a year expected"},
        {"days since 1582-10-10", "has no such date"},
        {"days since 0000-01-01", "has no year 0"},
        {"days since 2000-01-01 00:00:00 or so", "time zone 'or' is unknown"},
    };
    for (const auto &[units, complaint] : texts)
    {
        const auto encoding = TimeEncoding::parse(units, "standard");
        ASSERT_FALSE(encoding) << units;
        const std::string message = encoding.status().message();
        EXPECT_TRUE(message.starts_with("units '" + units + "': ")) << message;
        EXPECT_TRUE(contains(message, complaint)) << message;
    }
}

TEST(Units, lookLikeTimeWithSomethingSinceSomething)
{
    EXPECT_TRUE(looksLikeTime("days since 2000-01-01"));
    EXPECT_TRUE(looksLikeTime("Months SINCE ever"));
    EXPECT_FALSE(looksLikeTime(""));
    EXPECT_FALSE(looksLikeTime("since"));
    EXPECT_FALSE(looksLikeTime("days since "));
    EXPECT_FALSE(looksLikeTime("day as %Y%m%d.%f"));
    EXPECT_FALSE(looksLikeTime("m s-1 sincerely yours"));
}

}  // namespace

}  // namespace mdimappend::time_test
