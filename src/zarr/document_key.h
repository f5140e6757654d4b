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

/// Whether a key stays below the folder that it is resolved in: not empty, no
/// slash at an end, no part that is empty, `.` or `..`, no zero byte (which
/// ends a name, for the system, before its end).
bool isKeyBelow(std::string_view key);

}  // namespace mdimappend
