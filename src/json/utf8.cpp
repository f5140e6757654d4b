// Reads UTF-8 sequences strictly, and writes code points as such.

#include "json/utf8.h"

namespace mdimappend
{

std::size_t utf8SequenceLength(std::string_view text)
{
    const auto byte = [text](std::size_t i) -> unsigned
    { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
    const auto continues = [&byte](std::size_t i)
    { return (byte(i) & 0xC0) == 0x80; };

    const unsigned lead = byte(0);
    if (lead < 0x80)
        return text.empty() ? 0 : 1;
    if (lead < 0xC2)
        return 0;
    if (lead < 0xE0)
        return continues(1) ? 2 : 0;
    if (lead < 0xF0)
    {
        const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
        const bool ok = !overlong && !surrogate && continues(1) && continues(2);
        return ok ? 3 : 0;
    }
    if (lead < 0xF5)
    {
        const bool overlong = lead == 0xF0 && byte(1) < 0x90;
        const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
        const bool ok = !overlong && !beyond && continues(1) && continues(2) &&
                        continues(3);
        return ok ? 4 : 0;
    }
    return 0;
}

bool isUtf8(std::string_view text)
{
    while (!text.empty())
    {
        const std::size_t length = utf8SequenceLength(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string_view utf8Beginning(std::string_view text, std::size_t bytes)
{
    if (text.size() <= bytes)
        return text;
    while (bytes > 0 &&
           (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80)
        --bytes;
    return text.substr(0, bytes);
}

void appendUtf8(std::string &text, char32_t codePoint)
{
    const auto put = [&text](char32_t byte)
    { text.push_back(static_cast<char>(byte)); };
    const auto continuation = [&](int shift)
    { put(0x80 | ((codePoint >> shift) & 0x3F)); };
    if (codePoint < 0x80)
        put(codePoint);
    else if (codePoint < 0x800)
    {
        put(0xC0 | (codePoint >> 6));
        continuation(0);
    }
    else if (codePoint < 0x10000)
    {
        put(0xE0 | (codePoint >> 12));
        continuation(6);
        continuation(0);
    }
    else
    {
        put(0xF0 | (codePoint >> 18));
        continuation(12);
        continuation(6);
        continuation(0);
    }
}

}  // namespace mdimappend
