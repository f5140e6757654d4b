// Files that are read as a whole, through GDAL.

#pragma once

#include <optional>
#include <string>

namespace mdimappend
{

/// Nothing if it cannot be read, or is longer than any document
/// (largestDocument).
std::optional<std::string> readWholeFile(const std::string &path);

}  // namespace mdimappend
