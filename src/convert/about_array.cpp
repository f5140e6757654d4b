// Puts names into what conversions say.

#include "convert/about_array.h"

namespace mdimappend
{

Status aboutArray(const Status &status, const std::string &array)
{
    if (status)
        return status;
    constexpr std::string_view advice = "--encoding NAME:";
    std::string text = status.message();
    if (const auto at = text.find(advice); at != text.npos)
        text.replace(at, advice.size(), "--encoding " + array + ":");
    return {status.kind(), "array '" + array + "': " + text};
}

}  // namespace mdimappend
