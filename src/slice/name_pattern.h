// Names with wildcards.

#pragma once

#include <string_view>

namespace mdimappend
{

bool hasWildcards(std::string_view pattern);

/// Whether `name` is what `pattern` says, all of it: '*' is any text, '?' any
/// character (of UTF-8), everything else is itself.
bool matches(std::string_view name, std::string_view pattern);

}  // namespace mdimappend
