// Tries each form in turn; what has one and is no date of the calendar is none.

#include "slice/product_date.h"

#include "time/cf_time.h"
#include "time/foreign_text.h"

#include <algorithm>
#include <algorithm>
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
    R"((?:[T _]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d*)?)?) *)"
    R"((?:Z|UTC|GMT|([+-]\d{2}:?\d{2}))?)?)";

struct ProductDate
{
    std::string day{};     ///< "2024-01-05"
    std::string time{};    ///< "10:20:30.5", or ""
    std::string offset{};  ///< from UTC, "+01:00", or ""
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
        dayOf(match[1], std::atoi(match[3].str().c_str()), match[4]), match[5],
        match[6]};
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
    return ProductDate{dayOf(match[3], month, match[1]), match[4], match[5]};
}

std::optional<ProductDate> byDayOfYear(const std::string &text)
{
    static const std::regex form(R"((\d{4})-(\d{3}))" + timeOfDay);
    std::smatch match;
    if (!std::regex_match(text, match, form))
        return std::nullopt;
    return ProductDate{dayOfYear(match[1], match[2]), match[3], match[4]};
}

std::optional<ProductDate> inDigits(const std::string &text)
{
    static const std::regex form(
        R"((\d{4})(\d{2})(\d{2})[T_]?(\d{2})(\d{2})(\d{2})(\.\d+)?Z?)");
    std::smatch match;
    if (!std::regex_match(text, match, form))
        return std::nullopt;
    return ProductDate{match[1].str() + "-" + match[2].str() + "-" +
                           match[3].str(),
                       match[4].str() + ":" + match[5].str() + ":" +
                           match[6].str() + match[7].str()};
}

/// 2024005T102030
std::optional<ProductDate> byDayOfYearInDigits(const std::string &text)
{
    static const std::regex form(
        R"((\d{4})(\d{3})[T_](\d{2})(\d{2})(\d{2})(\.\d+)?Z?)");
    std::smatch match;
    if (!std::regex_match(text, match, form))
        return std::nullopt;
    return ProductDate{dayOfYear(match[1], match[2]),
                       match[3].str() + ":" + match[4].str() + ":" +
                           match[5].str() + match[6].str()};
}

constexpr std::array forms = {inNumbers, withMonthsName, byDayOfYear, inDigits,
                              byDayOfYearInDigits};

/// Without white space around it; "" of what is too long.
std::string shortText(std::string_view given)
{
    return given.size() > longestDate ? std::string()
                                      : std::string(cf::trimmed(given));
}

std::optional<std::string> asIso(const ProductDate &date)
{
    const std::string iso =
        date.day + (date.time.empty() ? "" : "T" + date.time);
    const auto instant =
        parseDate(iso + date.offset, Calendar::ProlepticGregorian);
    if (!instant)
        return std::nullopt;
    return date.offset.empty()
               ? iso
               : formatDate(*instant, Calendar::ProlepticGregorian);
}

}  // namespace

std::optional<std::string> productDate(std::string_view given)
{
    const std::string text = shortText(given);
    for (const auto form : forms)
    {
        const auto date = form(text);
        auto iso = date ? asIso(*date) : std::nullopt;
        if (iso)
            return iso;
    }
    return std::nullopt;
}

bool areDigitsOfDate(std::string_view given)
{
    static const std::regex form(R"((?:19|20)\d{5}(?:\d|\d{3}|\d{5}|\d{7})?)");
    const std::string text = shortText(given);
    return std::regex_match(text, form) &&
           (text.size() != 10 || dateInDigits(text + "00"));
}

std::optional<std::string> dateInDigits(std::string_view given)
{
    const std::string text = shortText(given);
    if (text.size() == 10 || !areDigitsOfDate(text))
        return std::nullopt;
    if (text.size() == 14)
        return productDate(text);
    const std::string year = text.substr(0, 4);
    if (text.size() == 7)
        return asIso({dayOfYear(year, text.substr(4))});
    ProductDate date{year + "-" + text.substr(4, 2) + "-" + text.substr(6, 2)};
    if (text.size() == 12)
        date.time = text.substr(8, 2) + ":" + text.substr(10);
    return asIso(date);
}

std::string whyNoDate(std::string_view given)
{
    static const std::regex eitherWay(
        R"(\d{1,2}([-./ ])\d{1,2}\1(?:\d{2}|\d{4})(?:\D.*)?)");
    static const std::regex shortYear(
        R"(\d{1,2}[- ]?[A-Za-z]{3,9}[- ]?\d{2}(?:\D.*)?)");
    const std::string text = shortText(given);
    if (std::regex_match(text, eitherWay))
        return "day and month may stand either way round";
    if (std::regex_match(text, shortYear))
        return "its year has two digits";
    if (text.size() == 10 && areDigitsOfDate(text))
        return "its ten digits may be an hour or seconds since 1970";
    const bool hasForm =
        areDigitsOfDate(text) ||
        std::ranges::any_of(forms, [&](const auto form)
                            { return form(text).has_value(); });
    return hasForm ? "there is no such day or no such time of day" : "";
}

std::string formsOfDates()
{
    return "2024-01-05, 2024-01-05T10:20:30, 2024/01/05, 2024-005, 20240105, "
           "2024005, 20240105102030, 05-JAN-2024 10:20:30";
}

}  // namespace mdimappend
