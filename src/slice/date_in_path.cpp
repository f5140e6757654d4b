// Takes the path of a slice's name apart, and looks for the date in its parts,
// the file first.

#include "slice/slice_label.h"
#include "slice/slice_name.h"

#include <cpl_string.h>

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

/// `url` in "/vsicurl?max_retry=3&url=https%3A%2F%2F...".
std::string addressIn(const std::string &options)
{
    const CPLStringList parts(
        CSLTokenizeString2(options.c_str(), "&", CSLT_HONOURSTRINGS));
    char *address = CPLUnescapeString(parts.FetchNameValueDef("url", ""),
                                      nullptr, CPLES_URL);
    std::string found(address);
    CPLFree(address);
    return found;
}

/// The path of the file, without what an address in the web has behind it: a
/// signature has dates of its own.
std::string pathIn(const std::string &name)
{
    std::string path = fileOf(name);
    if (path.starts_with("/vsicurl?") ||
        path.starts_with("/vsicurl_streaming?"))
        path = addressIn(path.substr(path.find('?') + 1));
    if (path.find("://") != path.npos)
        path.resize(std::min(path.size(), path.find_first_of("?#")));
    return path;
}

/// Without empty ones.
std::vector<std::string> partsOf(const std::string &path)
{
    std::vector<std::string> parts;
    for (const char *part :
         CPLStringList(CSLTokenizeString2(path.c_str(), "/", 0)))
        parts.emplace_back(part);
    return parts;
}

/// As many parts of a path as the pattern has, up to the last-but-`above` one.
std::string partsUpTo(const std::vector<std::string> &parts, std::size_t above,
                      std::size_t count)
{
    std::string text;
    const auto end = parts.size() - above;
    for (std::size_t i = end - std::min(count, end); i < end; ++i)
        text += (text.empty() ? "" : "/") + parts[i];
    return text;
}

}  // namespace

Result<std::string> dateInPath(const std::string &name,
                               std::string_view pattern)
{
    const auto parts = partsOf(pathIn(name));
    const auto count =
        static_cast<std::size_t>(std::ranges::count(pattern, '/')) + 1;
    const auto own = partsUpTo(parts, 0, count);
    MDIMAPPEND_ASSIGN(auto dates, datesInName(own, pattern));
    if (!dates.empty())
        return dateInName(own, pattern);
    for (std::size_t above = 1; above < parts.size(); ++above)
    {
        MDIMAPPEND_ASSIGN(const auto more,
                          datesInName(partsUpTo(parts, above, count), pattern));
        dates.insert(more.begin(), more.end());
    }
    if (dates.size() > 1)
        return refused("the folders of '" + pathIn(name) +
                       "' match the pattern '" + std::string(pattern) +
                       "' in more than one way: " + *dates.begin() + " or " +
                       *dates.rbegin() + ". Make the pattern more precise.");
    return dates.empty() ? dateInName(own, pattern) : *dates.begin();
}

}  // namespace mdimappend
