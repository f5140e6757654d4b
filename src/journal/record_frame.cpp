// Puts the first line before a record's body, and checks it.

#include "journal/record_frame.h"

#include "storage/checksum.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace mdimappend
{

namespace
{

/// A writer that knows nothing of overwriting (2), of records in records (3),
/// or of several groups in one commit (4: their log record) must not follow
/// what has them.
const char *versionOf(const Json &body)
{
    const bool hasMembers =
        body.contains("members") || member(body, "log").contains("members");
    return hasMembers                   ? "4"
           : body.contains("overwrite") ? "2"
           : body.contains("inline")    ? "3"
                                        : "1";
}

/// Version, size and digest.
constexpr std::size_t longestHeader = 100;

}  // namespace

std::string frame(const char *kind, const Json &body)
{
    const std::string text = dumpJson(body, -1) + "\n";
    return std::string("mdimappend ") + kind + " " + versionOf(body) + " " +
           std::to_string(text.size()) + " " + sha256(text) + "\n" + text;
}

Status notFollowed(std::string why)
{
    return {Failure::Conflict, std::move(why)};
}

Result<Json> unframe(const std::string &kind, std::string_view record)
{
    const Status damaged = error("the " + kind + " is damaged");
    const std::string start = "mdimappend " + kind + " ";
    const auto end = record.find('\n');
    if (end == std::string_view::npos || !record.starts_with(start))
        return damaged;
    std::string_view header = record.substr(start.size(), end - start.size());
    const std::string_view body = record.substr(end + 1);
    const auto version = header.substr(0, header.find(' '));
    header.remove_prefix(std::min(version.size() + 1, header.size()));
    if (header != std::to_string(body.size()) + " " + sha256(body))
        return damaged;
    if (version != "1" && version != "2" && version != "3" && version != "4")
        return notFollowed("the " + kind +
                           " has a format that this version of "
                           "gdalmdimappend does not know");
    auto parsed = parseJson(body.substr(0, body.size() - 1));
    if (!parsed || !parsed->is_object() || version != versionOf(*parsed))
        return notFollowed("the " + kind + " is malformed");
    return parsed;
}

bool isTorn(const std::string &kind, std::string_view record)
{
    const std::string start = "mdimappend " + kind + " ";
    const auto end = record.find('\n');
    if (end == std::string_view::npos)
        return record.size() <= start.size() + longestHeader &&
               (record.starts_with(start) || start.starts_with(record));
    if (!record.starts_with(start))
        return false;
    auto header = record.substr(start.size(), end - start.size());
    header.remove_prefix(std::min(header.find(' ') + 1, header.size()));
    std::uint64_t size = 0;
    const auto [last, failure] =
        std::from_chars(header.begin(), header.end(), size);
    return failure == std::errc() && last != header.end() && *last == ' ' &&
           record.size() - end - 1 < size;
}

}  // namespace mdimappend
