// The spellings of units of time.

#include "settings/unit_of_time.h"

#include <algorithm>
#include <map>

namespace mdimappend
{

std::string unitOfTime(std::string_view spelling)
{
    // "MS" is a month's start to pandas, and "Ms" a megasecond to udunits: case
    // is of no matter in whole words only.
    static const std::map<std::string, const char *, std::less<>> units = {
        {"ns", "ns"},   {"nanosecond", "ns"},
        {"us", "us"},   {"microsecond", "us"},
        {"ms", "ms"},   {"millisecond", "ms"},
        {"s", "s"},     {"S", "s"},
        {"sec", "s"},   {"second", "s"},
        {"min", "min"}, {"minute", "min"},
        {"h", "h"},     {"H", "h"},
        {"hr", "h"},    {"hour", "h"},
        {"d", "D"},     {"D", "D"},
        {"day", "D"},   {"w", "W"},
        {"W", "W"},     {"week", "W"},
        {"mo", "mo"},   {"month", "mo"},
        {"y", "Y"},     {"Y", "Y"},
        {"yr", "Y"},    {"year", "Y"},
    };
    const auto first =
        std::min(spelling.find_first_not_of(' '), spelling.size());
    std::string word(spelling.substr(first));
    if (word.size() > 2)
    {
        std::ranges::transform(
            word, word.begin(), [](char c)
            { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        if (word.ends_with('s'))
            word.pop_back();
    }
    const auto unit = units.find(word);
    return unit == units.end() ? "" : unit->second;
}

bool isMinuteOrMonth(std::string_view spelling)
{
    return spelling == "m" || spelling == "M";
}

}  // namespace mdimappend
