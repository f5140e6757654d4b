// The text of `--encoding`: NAME:key=value,...

#include "settings/encoding.h"

#include <charconv>
#include <cmath>

namespace mdimappend
{

namespace
{

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

/// A number keeps its kind: 64-bit integers are exact.
std::optional<Json> numberOf(const std::string &text)
{
    const auto *end = text.data() + text.size();
    const auto exactly = [&](auto number) -> std::optional<Json>
    {
        const auto [stop, code] = std::from_chars(text.data(), end, number);
        if (code != std::errc() || stop != end)
            return std::nullopt;
        return Json(number);
    };
    if (auto number = exactly(std::int64_t{}))
        return number;
    if (auto number = exactly(std::uint64_t{}))
        return number;
    return exactly(double{});
}

Result<Json> sizesOf(const Value &whole, const std::string &text)
{
    Json sizes = Json::array();
    if (text == "null")
        return Json();
    for (const auto &part : split(text, 'x'))
    {
        const auto size =
            part == "null" ? std::optional<Json>(Json()) : numberOf(part);
        if (!size || size->is_number_float() || part.starts_with('-'))
            return whole.fail("is not of the form 4x50x50");
        sizes.push_back(*size);
    }
    return sizes;
}

Json filtersOf(const std::string &text)
{
    Json filters = Json::array();
    if (text == "none")
        return filters;
    for (const auto &name : split(text, '+'))
        filters.push_back({{"id", name}});
    return filters;
}

/// What a settings file would have for that text. What is of the wrong kind
/// stays a text, which the key then refuses.
Result<Json> valueOf(const std::string &key, const std::string &text)
{
    const Json whole = text;
    const Value place(whole, "--encoding: " + key + "=" + text);
    if (key == "chunks" || key == "shards" || key == "chunk" || key == "shard")
        return sizesOf(place, text);
    if (key == "filters")
        return filtersOf(text);
    if (key == "units" || key == "calendar" || key == "dtype" ||
        key == "compress" || key == "compressor")
        return whole;
    if (const auto number = numberOf(text))
        return *number;
    if ((key == "nodata" || key == "fill_value") && text == "none")
        return Json();
    return whole;
}

/// "air:chunk=4x50x50,level=3" as {"chunk": [4, 50, 50], "level": 3}.
Result<Json> objectOf(const std::string &pairs)
{
    Json object = Json::object();
    for (const auto &pair : split(pairs, ','))
    {
        const auto middle = pair.find('=');
        if (middle == std::string::npos)
            return Status(Failure::Usage,
                          "--encoding: '" + pair + "' is not key=value");
        const auto key = pair.substr(0, middle);
        if (object.contains(key))
            return Status(Failure::Usage,
                          "--encoding: the key '" + key + "' is given twice");
        MDIMAPPEND_ASSIGN(object[key], valueOf(key, pair.substr(middle + 1)));
    }
    return object;
}

/// Filters need to know the type, which their name alone does not tell.
Status completeFilters(const std::string &spec, ArrayEncoding &encoding)
{
    for (Json &filter : *encoding.filters)
    {
        if (!encoding.dtype)
            return {Failure::Usage, "--encoding '" + spec +
                                        "': filters need the dtype of what "
                                        "they filter"};
        const int size = sizeOf(*encoding.dtype);
        if (filter["id"] == "shuffle")
            filter["elementsize"] = size;
        else if (size > 8)
            return {Failure::Usage, "--encoding '" + spec +
                                        "': the filter delta is for types of "
                                        "at most 8 bytes"};
        else
            // Differences of bit patterns are exact for floats too.
            filter["dtype"] = std::string(size == 1 ? "|" : "<") +
                              (isUnsigned(*encoding.dtype) ? "u" : "i") +
                              std::to_string(size);
    }
    return Status::ok();
}

}  // namespace

Status parseEncoding(const std::string &spec, Encodings &encodings)
{
    const auto colon = spec.find(':');
    const auto equals = spec.find('=');
    if (colon == std::string::npos || colon == 0 || colon > equals)
        return {Failure::Usage, "--encoding '" + spec +
                                    "' is not of the form NAME:key=value,..."};
    MDIMAPPEND_ASSIGN(const Json object, objectOf(spec.substr(colon + 1)));
    std::vector<std::string> warnings;
    EncodingReading reading{encodings[spec.substr(0, colon)], warnings};
    MDIMAPPEND_RETURN_IF_ERROR(
        readEncoding(Value(object, "--encoding '" + spec + "'"), reading));
    return object.contains("filters") ? completeFilters(spec, reading.encoding)
                                      : Status::ok();
}

}  // namespace mdimappend
