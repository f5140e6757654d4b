// Durations as texts, and how encodings of one array come together.

#include "settings/options.h"

#include "settings/unit_of_time.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string_view>

namespace mdimappend
{

namespace
{

Status usage(std::string message)
{
    return {Failure::Usage, std::move(message)};
}

/// Seconds of the number and the unit at the front of `text`, which are taken
/// from it; nothing if there are none.
std::optional<double> takeAmount(std::string_view &text)
{
    static const std::map<std::string, double> units = {
        {"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
        {"min", 60},  {"h", 3600},  {"D", 86400}, {"W", 604800}};
    double number = 0;
    const char *const begin = std::to_address(text.begin());
    const char *const end = begin + text.size();
    const auto [stop, code] = std::from_chars(begin, end, number);
    if (code != std::errc() || !(number >= 0))
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - begin));
    const auto next = std::min(text.find_first_of("0123456789."), text.size());
    std::string spelling(text.substr(0, next));
    text.remove_prefix(next);
    if (!text.empty())
        spelling.erase(spelling.find_last_not_of(' ') + 1);
    // Months are not among these units, so "5m" can only be minutes.
    const bool isMinutes = spelling == "m" || spelling == " m";
    const auto unit = units.find(isMinutes ? "min" : unitOfTime(spelling));
    if (unit == units.end())
        return std::nullopt;
    return number * unit->second;
}

/// Of "1h30m"; a number alone is one of seconds.
std::optional<double> sumOfAmounts(const std::string &text)
{
    const bool isNumber =
        text.find_first_not_of("0123456789.eE+-") == text.npos;
    const std::string whole = isNumber ? text + "s" : text;
    std::string_view rest = whole;
    double sum = 0;
    do
    {
        const auto amount = takeAmount(rest);
        if (!amount)
            return std::nullopt;
        sum += *amount;
    } while (!rest.empty());
    return sum;
}

}  // namespace

Result<std::optional<Seconds>> parseDuration(const std::string &text)
{
    if (text == "forever")
        return std::optional<Seconds>();
    if (text.ends_with('M'))
        return usage("'" + text +
                     "' is not a duration: months have no fixed "
                     "length, and minutes are spelled min");
    const auto seconds = sumOfAmounts(text);
    // A thousand years is what clocks can still add up.
    constexpr double longest = 1000.0 * 366 * 86400;
    if (!seconds || *seconds > longest)
        return usage("'" + text +
                     "' is not a duration: a number and ms, s, min, h, D or W "
                     "(as in 0.2s, 5min, 1 day or 1h30m), or 'forever'");
    return std::optional<Seconds>(*seconds);
}

ArrayEncoding ArrayEncoding::mergedWith(const ArrayEncoding &over) const
{
    ArrayEncoding merged = *this;
    const auto set = [](auto &value, const auto &other)
    {
        if (other)
            value = other;
    };
    set(merged.dtype, over.dtype);
    set(merged.chunk, over.chunk);
    set(merged.shard, over.shard);
    set(merged.compressor, over.compressor);
    set(merged.level, over.level);
    set(merged.shuffle, over.shuffle);
    set(merged.filters, over.filters);
    set(merged.scale, over.scale);
    set(merged.offset, over.offset);
    set(merged.nodata, over.nodata);
    set(merged.units, over.units);
    set(merged.calendar, over.calendar);
    set(merged.separator, over.separator);
    set(merged.dimensions, over.dimensions);
    merged.attributes.update(over.attributes);
    return merged;
}

ArrayEncoding encodingOf(const Encodings &encodings, const std::string &name)
{
    ArrayEncoding merged;
    for (const std::string &key : {std::string("*"), name})
    {
        if (const auto found = encodings.find(key); found != encodings.end())
            merged = merged.mergedWith(found->second);
    }
    return merged;
}

}  // namespace mdimappend
