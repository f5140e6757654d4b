// Numbers, truth values and texts of YAML.

#include "settings/yaml_scalar.h"

#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

namespace mdimappend
{

namespace
{

bool isDigits(std::string_view text)
{
    return !text.empty() &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What YAML 1.1, 1.2 and JSON agree to be a number.
std::optional<Json> yamlNumber(const std::string &text)
{
    constexpr double infinity = std::numeric_limits<double>::infinity();
    static const std::map<std::string, double> words = {
        {".nan", std::numeric_limits<double>::quiet_NaN()},
        {".NaN", std::numeric_limits<double>::quiet_NaN()},
        {".NAN", std::numeric_limits<double>::quiet_NaN()},
        {".inf", infinity},
        {".Inf", infinity},
        {".INF", infinity},
        {"+.inf", infinity},
        {"+.Inf", infinity},
        {"+.INF", infinity},
        {"-.inf", -infinity},
        {"-.Inf", -infinity},
        {"-.INF", -infinity}};
    if (const auto word = words.find(text); word != words.end())
        return Json(word->second);
    std::string_view digits = text;
    if (!digits.empty() && (digits[0] == '+' || digits[0] == '-'))
        digits.remove_prefix(1);
    // 007 is 7, an octal number or a text, depending on whom one asks.
    const bool isInteger = isDigits(digits);
    if (isInteger && digits.size() > 1 && digits[0] == '0')
        return std::nullopt;
    if (digits.empty() ||
        digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
        return std::nullopt;
    const std::string plain = text[0] == '+' ? text.substr(1) : text;
    const auto *end = plain.data() + plain.size();
    const auto exactly = [&](auto number) -> std::optional<Json>
    {
        const auto [stop, code] = std::from_chars(plain.data(), end, number);
        if (code != std::errc() || stop != end)
            return std::nullopt;
        return Json(number);
    };
    if (isInteger)
    {
        if (auto number = exactly(std::int64_t{}))
            return number;
        if (auto number = exactly(std::uint64_t{}))
            return number;
    }
    return exactly(double{});
}

}  // namespace

Json yamlScalar(const std::string &text)
{
    if (text == "true" || text == "True" || text == "TRUE")
        return true;
    if (text == "false" || text == "False" || text == "FALSE")
        return false;
    if (auto number = yamlNumber(text))
        return *number;
    return text;
}

}  // namespace mdimappend
