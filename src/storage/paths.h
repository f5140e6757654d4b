// Paths as texts.

#pragma once

#include <string>

namespace mdimappend
{

/// "…/a/b" of "…/a/b/c"; "/" of "/a"; "." of "a".
std::string parentFolder(const std::string &path);

}  // namespace mdimappend
