// Tries each form in turn; what has one and is no date of the calendar is none.

#include "slice/product_date.h"

#include "time/cf_time.h"
#include "time/foreign_text.h"

#include <array>
#include <cstdlib>
#include <format>
#include <regex>

namespace mdimappend
{

namespace
{

/// What is longer is no date; std::regex recurses on its length.
constexpr std::size_t longestDate = 64;

const std::string timeOfDay =
    R"((?:[T _]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d*)?)?) *(Z|UTC|GMT)?)?)";

struct ProductDate
{
    std::string day{};   ///< "2024-01-05"
    std::string time{};  ///< "10:20:30.5", or ""
};

std::string dayOf(const std::string &year, int month, const std::string &day)
{
    return std::format("{}-{:02}-{:02}", year, month, std::atoi(day.c_str()));
}

/// 1 to 12, of "JAN" or "January"; 0 if it is no month.
int monthNamed(const std::string &text)
{
    constexpr std::array<std::string_view, 12> months = {
        "january", "february", "march",     "april",   "may",      "june",
        "july",    "august",   "september", "october", "november", "december"};
    const std::string name = cf::lowerCase(text);
    for (std::size_t i = 0; i < months.size(); ++i)
        if (name == months[i] || name == months[i].substr(0, 3))
            return static_cast<int>(i) + 1;
    return 0;
}

std::string dayOfYear(const std::string &year, const std::string &number)
{
    const auto first = parseDate(year + "-01-01", Calendar::ProlepticGregorian);
    if (!first)
        return {};
    constexpr Instant nanosecondsPerDay = Instant{86'400'000'000'000};
    const std::string day =
        formatDate(*first + (std::atoi(number.c_str()) - 1) * nanosecondsPerDay,
                   Calendar::ProlepticGregorian);
    return day.substr(0, 4) == year ? day : std::string();
}

std::optional<ProductDate> inNumbers(const std::string &text)
{
    static const std::regex form(R"((\d{4})([-:/])(\d{1,2})\2(\d{1,2}))" +
                                 timeOfDay);
    std::smatch match;
    if (!std::regex_match(text, match, form))
        return std::nullopt;
    return ProductDate{
        dayOf(match[1], std::atoi(match[3].str().c_str()), match[4]), match[5]};
}

std::optional<ProductDate> withMonthsName(const std::string &text)
{
    static const std::regex form(R"((\d{1,2})[- ]([A-Za-z]{3,9})[- ](\d{4}))" +
                                 timeOfDay);
    std::smatch match;
    if (!std::regex_match(text, match, form))
        return std::nullopt;
    const int month = monthNamed(match[2]);
    if (month == 0)
        return std::nullopt;
    return ProductDate{dayOf(match[3], month, match[1]), match[4]};
}

std::optional<ProductDate> byDayOfYear(const std::string &text)
{
    static const std::regex form(R"((\d{4})-(\d{3}))" + timeOfDay);
    std::smatch match;
    if (!std::regex_match(text, match, form))
        return std::nullopt;
    return ProductDate{dayOfYear(match[1], match[2]), match[3]};
}

std::optional<ProductDate> inDigits(const std::string &text)
{
    static const std::regex form(
        R"((\d{4})(\d{2})(\d{2})T?(\d{2})(\d{2})(\d{2})(\.\d+)?Z?)");
    std::smatch match;
    if (!std::regex_match(text, match, form))
        return std::nullopt;
    return ProductDate{match[1].str() + "-" + match[2].str() + "-" +
                           match[3].str(),
                       match[4].str() + ":" + match[5].str() + ":" +
                           match[6].str() + match[7].str()};
}

}  // namespace

std::optional<std::string> productDate(std::string_view given)
{
    const auto first = given.find_first_not_of(" \t\r\n");
    if (first == given.npos || given.size() > longestDate)
        return std::nullopt;
    const std::string text(
        given.substr(first, given.find_last_not_of(" \t\r\n") + 1 - first));
    for (const auto form : {inNumbers, withMonthsName, byDayOfYear, inDigits})
    {
        const auto date = form(text);
        if (!date)
            continue;
        std::string iso =
            date->day + (date->time.empty() ? "" : "T" + date->time);
        if (parseDate(iso, Calendar::ProlepticGregorian))
            return iso;
    }
    return std::nullopt;
}

}  // namespace mdimappend
