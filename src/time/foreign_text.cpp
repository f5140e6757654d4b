// Reads text without regard to case, spaces and locale, and quotes it for
// messages.

#include "time/foreign_text.h"

namespace mdimappend::cf
{

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && isSpace(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isSpace(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    for (char &c : lower)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::string quoted(std::string_view text)
{
    constexpr std::size_t longest = 80;
    constexpr char hexadecimal[] = "0123456789abcdef";
    std::string result = "'";
    for (const char c : text.substr(0, longest))
    {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f)
            result += c;
        else
            result.append("\\x")
                .append(1, hexadecimal[byte >> 4])
                .append(1, hexadecimal[byte & 15]);
    }
    return result + (text.size() > longest ? "...'" : "'");
}

}  // namespace mdimappend::cf
