// Compares a name with a pattern, and goes back only to the last '*': what the
// ones before it have taken is as good as anything else they could take.

#include "slice/name_pattern.h"

#include <cstddef>

namespace mdimappend
{

namespace
{

/// The index behind the character of UTF-8 that begins at `at`.
std::size_t behindCharacter(std::string_view text, std::size_t at)
{
    for (++at; at < text.size() &&
               (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80;)
        ++at;
    return at;
}

}  // namespace

bool hasWildcards(std::string_view pattern)
{
    return pattern.find_first_of("*?") != pattern.npos;
}

bool matches(std::string_view name, std::string_view pattern)
{
    std::size_t n = 0;
    std::size_t p = 0;
    std::size_t star = pattern.npos;
    std::size_t taken = 0;
    while (n < name.size())
    {
        const char wanted = p < pattern.size() ? pattern[p] : '\0';
        if (wanted == '*')
        {
            star = p++;
            taken = n;
        }
        else if (wanted == '?')
        {
            n = behindCharacter(name, n);
            ++p;
        }
        else if (p < pattern.size() && wanted == name[n])
        {
            ++n;
            ++p;
        }
        else if (star != pattern.npos)
        {
            p = star + 1;
            n = taken = behindCharacter(name, taken);
        }
        else
            return false;
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

}  // namespace mdimappend
