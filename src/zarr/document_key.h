// The names of documents below a store's root.

#pragma once

#include <string>
#include <string_view>

namespace mdimappend
{

inline std::string documentKey(const std::string &path, std::string_view name)
{
    return path.empty() ? std::string(name) : path + "/" + std::string(name);
}

}  // namespace mdimappend
