// Durations as texts, and how encodings of one array come together.

#include "settings/options.h"

#include "settings/unit_of_time.h"

#include <charconv>

namespace mdimappend
{

namespace
{

Status usage(std::string message)
{
    return {Failure::Usage, std::move(message)};
}

}  // namespace

Result<std::optional<Seconds>> parseDuration(const std::string &text)
{
    if (text == "forever")
        return std::optional<Seconds>();
    static const std::map<std::string, double> units = {
        {"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
        {"min", 60},  {"h", 3600},  {"D", 86400}, {"W", 604800}};
    double number = 0;
    const auto *end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, number);
    const std::string spelling(stop, end);
    if (code == std::errc() && spelling == "M")
        return usage("'" + text +
                     "' is not a duration: months have no fixed "
                     "length, and minutes are spelled min");
    // Months are not among these units, so "5m" can only be minutes.
    const auto unit = units.find(spelling == "m" ? "min"
                                 : stop != end   ? unitOfTime(spelling)
                                                 : "s");
    // A thousand years is what clocks can still add up.
    constexpr double longest = 1000.0 * 366 * 86400;
    if (code != std::errc() || unit == units.end() || !(number >= 0) ||
        number * unit->second > longest)
        return usage("'" + text +
                     "' is not a duration: a number and ms, s, min, h, D or W "
                     "(as in 0.2s, 5min or 1 day), or 'forever'");
    return std::optional<Seconds>(number * unit->second);
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
