// What is at a path of GDAL's file systems. What cannot be looked at counts as
// not there.

#pragma once

#include <string>

namespace mdimappend
{

/// The path that GDAL's file systems have for a name as other tools spell it:
/// s3://bucket/key, and s3a:// as Hadoop's tools say. Others stay as they are.
std::string vsiPath(const std::string &name);

/// Whether this is a path of one of GDAL's own file systems.
bool isVirtual(const std::string &path);

bool exists(const std::string &path);
bool isFile(const std::string &path);
bool isFolder(const std::string &path);

}  // namespace mdimappend
