#include "settings/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mdimappend
{

namespace
{

Status usage(std::string message)
{
    return {Failure::Usage, std::move(message)};
}

std::vector<std::string> split(const std::string &text, char separator)
{
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (true)
    {
        const auto end = std::min(text.find(separator, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        if (end == text.size())
            return parts;
        begin = end + 1;
    }
}

Result<std::vector<std::uint64_t>> parseSizes(const std::string &key,
                                              const std::string &text)
{
    std::vector<std::uint64_t> sizes;
    for (const auto &part : split(text, 'x'))
    {
        std::uint64_t size = 0;
        const auto end = part.data() + part.size();
        const auto [stop, code] = std::from_chars(part.data(), end, size);
        if (part != "null" && (code != std::errc() || stop != end))
            return usage("--encoding: " + key + "=" + text +
                         " is not of the form 4x50x50");
        sizes.push_back(size);
    }
    return sizes;
}

const std::vector<std::string> &compressors()
{
    static const std::vector<std::string> names = {
        "none",          "blosc:zstd", "blosc:lz4", "blosc:lz4hc",
        "blosc:blosclz", "blosc:zlib", "zstd",      "gzip",
        "zlib",          "lzma",       "lz4"};
    return names;
}

Status setEncoding(ArrayEncoding &encoding, const std::string &key,
                   const std::string &value)
{
    if (key == "chunk")
    {
        MDIMAPPEND_ASSIGN(encoding.chunk, parseSizes(key, value));
    }
    else if (key == "shard")
    {
        MDIMAPPEND_ASSIGN(encoding.shard, parseSizes(key, value));
    }
    else if (key == "compress")
    {
        const std::string name = value == "blosc" ? "blosc:zstd" : value;
        const auto &known = compressors();
        if (std::find(known.begin(), known.end(), name) == known.end())
        {
            std::string list;
            for (const auto &each : known)
                list += (list.empty() ? "" : ", ") + each;
            return usage("--encoding: compress=" + value + " is not one of " +
                         list);
        }
        encoding.compressor = name;
    }
    else if (key == "level")
    {
        int level = 0;
        const auto end = value.data() + value.size();
        const auto [stop, code] = std::from_chars(value.data(), end, level);
        if (code != std::errc() || stop != end || level < 0 || level > 22)
            return usage("--encoding: level=" + value +
                         " is not a whole number from 0 to 22");
        encoding.level = level;
    }
    else
    {
        return usage("--encoding: unknown key '" + key +
                     "'; known are chunk, shard, compress, level");
    }
    return Status::ok();
}

}  // namespace

Result<std::optional<Seconds>> parseDuration(const std::string &text)
{
    if (text == "forever")
        return std::optional<Seconds>();
    static const std::map<std::string, double> units = {
        {"", 1},     {"ms", 1e-3}, {"s", 1},     {"min", 60},
        {"h", 3600}, {"D", 86400}, {"W", 604800}};
    double number = 0;
    const auto end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, number);
    const auto unit = units.find(std::string(stop, end));
    if (code != std::errc() || unit == units.end() || !std::isfinite(number) ||
        number < 0)
        return usage("'" + text +
                     "' is not a duration: a number and ms, s, min, h, D or W "
                     "(as in 0.2s or 5min), or 'forever'");
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

Status parseEncoding(const std::string &spec, Encodings &encodings)
{
    const auto colon = spec.find(':');
    const auto equals = spec.find('=');
    if (colon == std::string::npos || colon == 0 || colon > equals)
        return usage("--encoding '" + spec +
                     "' is not of the form NAME:key=value,...");
    auto &encoding = encodings[spec.substr(0, colon)];
    for (const auto &pair : split(spec.substr(colon + 1), ','))
    {
        const auto middle = pair.find('=');
        if (middle == std::string::npos)
            return usage("--encoding: '" + pair + "' is not key=value");
        MDIMAPPEND_RETURN_IF_ERROR(setEncoding(encoding, pair.substr(0, middle),
                                               pair.substr(middle + 1)));
    }
    return Status::ok();
}

}  // namespace mdimappend
