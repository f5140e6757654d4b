// Text from files and users: reading it without regard to case and spaces (and
// to the locale), and showing it in messages.

#pragma once

#include <string>
#include <string_view>

namespace mdimappend::cf
{

constexpr bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

constexpr bool isLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trimmed(std::string_view text);

/// ASCII letters only.
std::string lowerCase(std::string_view text);

/// 'text', short and on one line. Bytes outside printable ASCII become \xNN:
/// that shows what a screen hides (a no-break space, a Unicode minus) and keeps
/// what is no UTF-8 out of reports.
std::string quoted(std::string_view text);

}  // namespace mdimappend::cf
