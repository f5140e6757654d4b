// What identifies the state of a file or a Zarr store.

#pragma once

#include <string>

#include <sys/stat.h>

namespace mdimappend
{

/// Size, time stamp and, for local files, inode; for a folder, those of the
/// metadata documents in it and one level below; for what is in an archive,
/// those of the archive besides. Empty where there is nothing to be known.
std::string fingerprintOf(const std::string &path);

/// Size, time stamp and inode; "" if there is no such file.
std::string stateOfLocalFile(const std::string &path);
std::string stateOfLocalFile(const struct stat &file);

}  // namespace mdimappend
