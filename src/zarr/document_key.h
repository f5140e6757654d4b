// The names of documents below a store's root, and what a name must not be.

#pragma once

#include <string>
#include <string_view>

namespace mdimappend
{

inline std::string documentKey(const std::string &path, std::string_view name)
{
    return path.empty() ? std::string(name) : path + "/" + std::string(name);
}

/// The path of the node that a document's key is of, or of the group that a
/// node is in; "": the root.
inline std::string parentOf(const std::string &path)
{
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

/// Whether a key stays below the folder that it is resolved in: not empty, no
/// slash at an end, no part that is empty, `.` or `..`, no zero byte (which
/// ends a name, for the system, before its end).
bool isKeyBelow(std::string_view key);

}  // namespace mdimappend
