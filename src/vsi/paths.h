// What is at a path of GDAL's file systems. What cannot be looked at counts as
// not there.

#pragma once

#include <string>

namespace mdimappend
{

/// Whether this is a path of one of GDAL's own file systems.
bool isVirtual(const std::string &path);

bool exists(const std::string &path);
bool isFile(const std::string &path);
bool isFolder(const std::string &path);

}  // namespace mdimappend
