// CF time against cftime (data/cf_time_cases.json, made by the script beside
// it).

#include "time/calendar.h"
#include "time/time_test_support.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace mdimappend::time_test
{

using namespace cf;

namespace
{

nlohmann::json cftimeCases(const char *section)
{
#ifdef MDIMAPPEND_TEST_DATA
    const std::filesystem::path folder = MDIMAPPEND_TEST_DATA;
#else
    const auto folder = std::filesystem::path(__FILE__).parent_path() / "data";
#endif
    std::ifstream file(folder / "cf_time_cases.json");
    return nlohmann::json::parse(file)[section];
}

TEST(AgainstCftime, valuesDecodeToTheDatesAndDatesEncodeToTheValues)
{
    const auto cases = cftimeCases("values");
    ASSERT_GT(cases.size(), 1000u);
    for (const auto &one : cases)
    {
        SCOPED_TRACE(one.dump());
        const auto encoding = encodingOf(one[0], one[1]);
        const std::string date = one[2];
        const Instant instant = dateOf(date, encoding.calendar);
        EXPECT_EQ(formatDate(instant, encoding.calendar), date);

        const double value =
            std::strtod(one[4].get<std::string>().c_str(), nullptr);
        EXPECT_EQ(decoded(value, encoding), date);
        const auto asDouble = encodeTimeAsDouble(instant, encoding);
        ASSERT_TRUE(asDouble) << asDouble.status().message();
        EXPECT_EQ(*asDouble, value);

        const auto asInteger = encodeTimeAsInteger(instant, encoding);
        ASSERT_EQ(bool(asInteger), !one[3].is_null());
        if (asInteger)
        {
            EXPECT_EQ(*asInteger, one[3].get<std::int64_t>());
            EXPECT_EQ(decoded(*asInteger, encoding), date);
        }
    }
}

TEST(AgainstCftime, calendarsHaveTheSameDates)
{
    const auto cases = cftimeCases("dates");
    ASSERT_GE(cases.size(), 200u);
    for (const auto &one : cases)
    {
        SCOPED_TRACE(one.dump());
        const auto calendar = parseCalendar(one[1].get<std::string>());
        ASSERT_TRUE(calendar);
        EXPECT_EQ(bool(parseDate(one[0].get<std::string>(), *calendar)),
                  one[2].get<bool>());
    }
}

TEST(AgainstCftime, calendarsAgreeOnTheSameDays)
{
    const auto cases = cftimeCases("changes");
    ASSERT_GE(cases.size(), 200u);
    for (const auto &one : cases)
    {
        SCOPED_TRACE(one.dump());
        const auto from = parseCalendar(one[1].get<std::string>());
        const auto to = parseCalendar(one[2].get<std::string>());
        ASSERT_TRUE(from && to);
        const std::string date = one[0];
        const auto changed = changeCalendar(dateOf(date, *from), *from, *to);
        ASSERT_EQ(bool(changed), one[3].get<bool>());
        if (changed)
        {
            EXPECT_EQ(formatDate(*changed, *to), date);
        }
    }
}

}  // namespace

}  // namespace mdimappend::time_test
