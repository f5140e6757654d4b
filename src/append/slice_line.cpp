// A line is a name as it stands, or a JSON object with a few known members.

#include "append/slice_line.h"

#include "json/json_text.h"
#include "json/utf8.h"

#include <cmath>

namespace mdimappend
{

namespace
{

/// The failure's message is only what is wrong.
Status wrong(const std::string &what)
{
    return unavailable(what);
}

}  // namespace

Result<SliceInput> parseSliceLine(std::string_view line)
{
    if (line.find('\0') != std::string_view::npos)
        return wrong("has a NUL byte");
    SliceInput slice;
    if (!line.starts_with('{'))
    {
        slice.name = line;
        return slice;
    }
    const auto parsed = parseJson(line);
    if (!parsed)
        return wrong("is " + parsed.status().message());
    for (const auto &[key, value] : parsed->items())
    {
        const bool finite =
            !value.is_number_float() || std::isfinite(value.get<double>());
        if (key == "slice" && value.is_string())
            slice.name = value.get<std::string>();
        else if (key == "label" && value.is_string())
            slice.label = value.get<std::string>();
        else if (key == "label" && value.is_number() && finite)
            slice.label = dumpJson(value, -1);
        else if (key == "slice")
            return wrong("its member 'slice' is not a string");
        else if (key == "label")
            return wrong("its member 'label' is neither a string nor a number");
        else
            return wrong("has an unknown member '" + shortenedLine(key) +
                         "'; expected slice or label");
    }
    if (slice.name.empty())
        return wrong("names no slice");
    if (slice.name.find('\0') != std::string::npos)
        return wrong("has a NUL character");
    return slice;
}

std::string shortenedLine(std::string_view line)
{
    constexpr std::size_t longest = 80;
    std::string text;
    while (!line.empty() && text.size() < longest)
    {
        const auto first = static_cast<unsigned char>(line.front());
        const std::size_t length = utf8SequenceLength(line);
        const bool printable = length > 0 && first >= 0x20 && first != 0x7f;
        text += printable ? line.substr(0, length) : "?";
        line.remove_prefix(length > 0 ? length : 1);
    }
    return text + (line.empty() ? "" : "...");
}

}  // namespace mdimappend
