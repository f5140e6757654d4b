// Steps as settings files have them: those of pandas too.

#include "settings/settings.h"

#include <algorithm>

namespace mdimappend
{

Result<StepRule> stepOf(const Value &value)
{
    std::string text;
    if (value.json().is_null())
        text = "any";
    else if (value.json().is_number())
        text = dumpJson(value.json(), -1);
    else
    {
        MDIMAPPEND_ASSIGN(text, value.name());
    }
    static const std::map<std::string, std::string> words = {
        {"+", "increasing"}, {"-", "decreasing"}};
    if (const auto word = words.find(text); word != words.end())
        text = word->second;
    if (auto step = parseStep(text))
        return *step;
    // pandas: one of a unit may be left out, and units have other names too.
    static const std::map<std::string, std::string> units = {
        {"D", "D"},   {"W", "W"},   {"h", "h"},   {"H", "h"},   {"min", "min"},
        {"T", "min"}, {"s", "s"},   {"S", "s"},   {"ms", "ms"}, {"L", "ms"},
        {"us", "us"}, {"U", "us"},  {"ns", "ns"}, {"N", "ns"},  {"M", "mo"},
        {"ME", "mo"}, {"MS", "mo"}, {"Y", "Y"},   {"YE", "Y"},  {"YS", "Y"},
        {"A", "Y"},   {"AS", "Y"}};
    const auto letters =
        std::min(text.find_first_not_of("+-.0123456789"), text.size());
    const auto unit = units.find(text.substr(letters));
    auto number = text.substr(0, letters);
    if (number.empty() || number == "-" || number == "+")
        number += "1";
    auto step = parseStep(unit == units.end() ? text : number + unit->second);
    if (!step)
        return value.fail(parseStep(text).status().message());
    return step;
}

}  // namespace mdimappend
