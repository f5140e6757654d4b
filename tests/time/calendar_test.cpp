// Which dates a calendar has, and what they mean in another.

#include "time/calendar.h"
#include "time/time_test_support.h"

#include <string>
#include <utility>

namespace mdimappend::time_test
{

using namespace cf;

namespace
{

TEST(Calendars, dayNumbersAndDatesAreInverseDayByDay)
{
    for (const Calendar calendar : allCalendars)
    {
        SCOPED_TRACE(calendarName(calendar));
        for (const auto &[first, last] :
             {std::pair{-150'000, 150'000}, std::pair{570'000, 800'000}})
        {
            CivilDate previous = civilDate(first - 1, calendar);
            for (Int128 number = first; number < last; ++number)
            {
                const CivilDate date = civilDate(number, calendar);
                ASSERT_EQ(dayNumber(date, calendar), number);
                ASSERT_TRUE(date.year > previous.year ||
                            date.month > previous.month ||
                            date.day > previous.day);
                previous = date;
            }
        }
    }
}

TEST(Calendars, standardPassesFromOctober4ToOctober15In1582)
{
    EXPECT_EQ(dateOf("1582-10-15") - dateOf("1582-10-04"), day);
    for (int number = 5; number < 15; ++number)
    {
        const auto text = "1582-10-" + std::string(number < 10 ? "0" : "") +
                          std::to_string(number);
        EXPECT_FALSE(parseDate(text, Calendar::Standard)) << text;
        EXPECT_TRUE(parseDate(text, Calendar::Julian)) << text;
        EXPECT_TRUE(parseDate(text, Calendar::ProlepticGregorian)) << text;
    }
}

TEST(Calendars, julianDaysCountFromNoonOfJanuary1Of4713BC)
{
    const auto julianDays = encodingOf("days since -4713-01-01 12:00:00");
    EXPECT_EQ(decoded(2451545.0, julianDays), "2000-01-01T12:00:00");
    EXPECT_EQ(decoded(2299160.5, julianDays), "1582-10-15");
    EXPECT_EQ(decoded(std::int64_t{0}, julianDays), "-4713-01-01T12:00:00");
}

TEST(Calendars, year0ExistsWhereCFHasIt)
{
    EXPECT_EQ(normalized("0000-01-01"),
              "date '0000-01-01': calendar standard has no year 0 (year -1 is "
              "followed by year 1)");
    EXPECT_FALSE(parseDate("0000-01-01", Calendar::Julian));
    EXPECT_EQ(dateOf("0001-01-01") - dateOf("-0001-12-31"), day);
    for (const Calendar calendar :
         {Calendar::ProlepticGregorian, Calendar::NoLeap, Calendar::AllLeap,
          Calendar::Day360})
    {
        EXPECT_EQ(dateOf("0000-01-01", calendar), 0);
        EXPECT_EQ(formatDate(-1, calendar).substr(0, 6), "-0001-");
    }
}

TEST(Calendars, namesAreThoseOfCfInAnyCase)
{
    EXPECT_EQ(encodingOf("days since 2000-1-1", "").calendar,
              Calendar::Standard);
    EXPECT_EQ(encodingOf("days since 2000-1-1", "Gregorian").calendar,
              Calendar::Standard);
    EXPECT_EQ(encodingOf("days since 2000-1-1", "366_DAY").calendar,
              Calendar::AllLeap);
    for (const auto *name : {"none", "lunar", "365day", "tai", "st\xc3\xa4"})
    {
        const auto encoding = TimeEncoding::parse("days since 2000-1-1", name);
        ASSERT_FALSE(encoding) << name;
        EXPECT_TRUE(contains(encoding.status().message(), "calendar '"));
    }
}

TEST(Calendars, changeOnlyWhereTheDateMeansTheSameDay)
{
    const auto change = [](const char *date, Calendar from, Calendar to)
    {
        const auto changed = changeCalendar(dateOf(date, from), from, to);
        return changed ? formatDate(*changed, to) : changed.status().message();
    };
    EXPECT_EQ(change("1582-10-15T06:00", Calendar::Standard,
                     Calendar::ProlepticGregorian),
              "1582-10-15T06:00:00");
    EXPECT_EQ(
        change("1582-10-04", Calendar::Standard, Calendar::ProlepticGregorian),
        "1582-10-04 (calendar standard): the same date is another day in "
        "calendar proleptic_gregorian");
    EXPECT_EQ(
        change("1582-10-10", Calendar::ProlepticGregorian, Calendar::Standard),
        "1582-10-10 (calendar proleptic_gregorian): there is no such "
        "date in calendar standard");
    EXPECT_EQ(change("1582-10-04", Calendar::Standard, Calendar::Julian),
              "1582-10-04");
    EXPECT_EQ(
        change("0200-02-28", Calendar::Julian, Calendar::ProlepticGregorian)
            .substr(0, 10),
        "0200-02-28");
    EXPECT_EQ(change("2001-01-01", Calendar::NoLeap, Calendar::Standard),
              "2001-01-01 (calendar noleap): the same date is another day in "
              "calendar standard");
    EXPECT_EQ(change("2001-02-30", Calendar::Day360, Calendar::Day360),
              "2001-02-30");
    EXPECT_EQ(
        changeCalendar(0, Calendar::NoLeap, Calendar::AllLeap).status().kind(),
        Failure::Refused);
}

}  // namespace

}  // namespace mdimappend::time_test
