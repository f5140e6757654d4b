// Values to instants and back, exactly or not at all.

#include "time/time_test_support.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace mdimappend::time_test
{

namespace
{

TEST(Decoding, anHourOfADayIsExactlyAnHour)
{
    const auto days = encodingOf("days since 1950-01-01");
    EXPECT_EQ(decoded(0.041666666666666664, days), "1950-01-01T01:00:00");
    EXPECT_EQ(decoded(-0.041666666666666664, days), "1949-12-31T23:00:00");
    EXPECT_EQ(decoded(18262.25, days), "2000-01-01T06:00:00");
    EXPECT_EQ(decoded(0.0, days), "1950-01-01");
    EXPECT_EQ(decoded(-0.0, days), "1950-01-01");
}

TEST(Decoding, oneUlpBesideATickIsTheTickAndTwoAreNot)
{
    const auto days = encodingOf("days since 1950-01-01");
    const double exact = 0.25;
    const double one = std::nextafter(exact, 1);
    EXPECT_EQ(decoded(one, days), "1950-01-01T06:00:00");
    EXPECT_TRUE(contains(decoded(std::nextafter(one, 1), days),
                         "no whole nanosecond lies within 1 ulp"));
}

TEST(Decoding, takesTheCoarsestTickThatIsNearEnough)
{
    const auto seconds = encodingOf("seconds since 1970-01-01");
    EXPECT_EQ(decoded(1.5, seconds), "1970-01-01T00:00:01.5");
    EXPECT_EQ(decoded(1e9 + 0.1, seconds), "2001-09-09T01:46:40.1");
    EXPECT_EQ(decoded(1e-6, seconds), "1970-01-01T00:00:00.000001");
    EXPECT_EQ(decoded(1e-9, seconds), "1970-01-01T00:00:00.000000001");
    EXPECT_FALSE(decodeTime(1.5e-9, seconds));
    // Doubles here are 256 ns apart.
    const auto nanoseconds = encodingOf("ns since 1970-01-01");
    EXPECT_EQ(decoded(1.7e18 + 256, nanoseconds), "2023-11-14T22:13:20");
    EXPECT_EQ(decoded(1.7e18 + 512, nanoseconds),
              "2023-11-14T22:13:20.000000512");
}

TEST(Decoding, ticksCountFromTheEpoch)
{
    const auto days = encodingOf("days since 2000-01-01 00:00:00.123456789");
    EXPECT_EQ(decoded(1.0 / 24, days), "2000-01-01T01:00:00.123456789");
}

TEST(Decoding, floatValuesHaveTheUlpsOfFloat)
{
    const auto days = encodingOf("days since 2000-01-01");
    EXPECT_EQ(decoded(1.0f / 24, days), "2000-01-01T01:00:00");
    EXPECT_FALSE(decodeTime(static_cast<double>(1.0f / 24), days));
    EXPECT_EQ(decoded(7305.25f, days), "2020-01-01T06:00:00");
    EXPECT_FALSE(decodeTime(1e-12f, days));
    EXPECT_FALSE(decodeTime(std::numeric_limits<float>::infinity(), days));
}

TEST(Decoding, numbersThatAreNoTimeAreRefused)
{
    const auto days = encodingOf("days since 1950-01-01");
    using Limits = std::numeric_limits<double>;
    for (const double value :
         {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(),
          Limits::max(), Limits::lowest(), 1e-20, Limits::min(), 1e30, -1e30})
    {
        const auto instant = decodeTime(value, days);
        ASSERT_FALSE(instant) << value;
        EXPECT_EQ(instant.status().kind(), Failure::Refused);
        EXPECT_TRUE(contains(instant.status().message(),
                             "'days since 1950-01-01' (calendar standard)"));
    }
    EXPECT_EQ(decoded(0.1, days), "1950-01-01T02:24:00");
    EXPECT_EQ(
        decoded(1e-20, days),
        "time 9.9999999999999995e-21 in 'days since 1950-01-01' "
        "(calendar standard): no whole nanosecond lies within 1 ulp of it");
}

TEST(Decoding, theSmallestAndLargestIntegersOfWeeksFit)
{
    const auto weeks = encodingOf("weeks since 2000-01-01");
    using Limits = std::numeric_limits<std::int64_t>;
    for (const auto value : {Limits::min(), Limits::max()})
    {
        const auto instant = decodeTime(value, weeks);
        ASSERT_TRUE(instant);
        EXPECT_EQ(*encodeTimeAsInteger(*instant, weeks), value);
    }
}

TEST(Decoding, overflowIsAnError)
{
    TimeEncoding hostile = encodingOf("days since 1950-01-01");
    hostile.unit = Instant{1} << 126;
    EXPECT_FALSE(decodeTime(std::int64_t{4}, hostile));
    EXPECT_FALSE(decodeTime(4.0, hostile));
    EXPECT_FALSE(encodeTimeAsDouble(hostile.epoch + 1, hostile));
    hostile.unit = day;
    hostile.epoch = -(Instant{1} << 126) * 2;
    EXPECT_FALSE(decodeTime(std::int64_t{-1}, hostile));
    EXPECT_FALSE(decodeTime(-1.0, hostile));
    EXPECT_FALSE(encodeTimeAsInteger(day, hostile));
    EXPECT_FALSE(encodeTimeAsDouble(day, hostile));
    hostile.unit = 0;
    EXPECT_FALSE(decodeTime(1.0, hostile));
    EXPECT_FALSE(decodeTime(std::int64_t{1}, hostile));
    EXPECT_FALSE(encodeTimeAsInteger(day, hostile));
}

TEST(Encoding, integersHoldWholeUnitsOnly)
{
    const auto days = encodingOf("days since 1950-01-01");
    EXPECT_EQ(*encodeTimeAsInteger(dateOf("1950-01-02"), days), 1);
    EXPECT_EQ(*encodeTimeAsInteger(dateOf("1949-12-30"), days), -2);
    const auto status =
        encodeTimeAsInteger(dateOf("2000-01-01T06:00"), days).status();
    EXPECT_EQ(status.kind(), Failure::Refused);
    EXPECT_EQ(status.message(),
              "time 2000-01-01T06:00:00 in 'days since 1950-01-01' (calendar "
              "standard): not a whole number of units");
    EXPECT_FALSE(encodeTimeAsInteger(dateOf("3000-01-01"),
                                     encodingOf("ns since 1950-01-01")));
}

TEST(Encoding, floatingPointIsRefusedWhereItWouldRoundTheDate)
{
    const auto days = encodingOf("days since 1950-01-01");
    EXPECT_EQ(*encodeTimeAsDouble(dateOf("2000-01-01T06:00"), days), 18262.25);
    EXPECT_EQ(*encodeTimeAsFloat(dateOf("2000-01-01T06:00"), days), 18262.25f);
    const auto status =
        encodeTimeAsDouble(dateOf("2000-01-01T00:00:00.000000001"), days)
            .status();
    EXPECT_EQ(status.kind(), Failure::Refused);
    EXPECT_EQ(status.message(),
              "time 2000-01-01T00:00:00.000000001 in 'days since 1950-01-01' "
              "(calendar standard): the nearest number, 18262, stands for "
              "2000-01-01");
    EXPECT_FALSE(encodeTimeAsFloat(dateOf("2000-01-01T06:00:01"), days));
    EXPECT_FALSE(encodeTimeAsDouble(dateOf("999999999-01-01T00:00:00.001"),
                                    encodingOf("ns since 1950-01-01")));
}

TEST(Encoding, everySecondOfCenturiesSurvivesADouble)
{
    std::mt19937_64 random(1950);
    std::uniform_int_distribution<std::int64_t> seconds(-20'000'000'000,
                                                        20'000'000'000);
    for (const auto *unit :
         {"weeks", "days", "hours", "minutes", "seconds", "ms", "us"})
    {
        const auto encoding =
            encodingOf(std::string(unit) + " since 1950-01-01 00:00:00.5");
        for (int i = 0; i < 20'000; ++i)
        {
            const Instant instant = encoding.epoch + seconds(random) * second;
            const auto value = encodeTimeAsDouble(instant, encoding);
            ASSERT_TRUE(value) << value.status().message();
            const auto again = decodeTime(*value, encoding);
            ASSERT_TRUE(again && *again == instant);
        }
    }
}

TEST(Encoding, theNearestDoubleIsThatOfExactDivision)
{
    const auto hours = encodingOf("hours since 2000-01-01");
    for (int minutes = 1; minutes < 10'000; ++minutes)
    {
        const auto value =
            encodeTimeAsDouble(hours.epoch + minutes * 60 * second, hours);
        ASSERT_TRUE(value);
        ASSERT_EQ(*value, minutes / 60.0);
    }
}

TEST(Durations, areLengthsInUnitsOfFixedLength)
{
    const auto hours = TimeEncoding::parseDuration(" hours ");
    ASSERT_TRUE(hours);
    EXPECT_TRUE(hours->isDuration);
    EXPECT_EQ(*decodeTime(std::int64_t{6}, *hours), 6 * 3600 * second);
    EXPECT_EQ(*encodeTimeAsInteger(7200 * second, *hours), 2);
    const auto half = encodeTimeAsInteger(5400 * second, *hours);
    ASSERT_FALSE(half);
    EXPECT_EQ(half.status().message(),
              "time 5400 seconds in 'hours': not a whole number of units");
    for (const char *units :
         {"", "months", "years", "m", "K", "hours since 2000-01-01"})
        EXPECT_FALSE(TimeEncoding::parseDuration(units)) << units;
}

}  // namespace

}  // namespace mdimappend::time_test
