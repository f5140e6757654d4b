// What identifies the state of a file or a Zarr store.

#pragma once

#include "slice/object_folder.h"

#include <memory>
#include <string>

#include <sys/stat.h>

namespace mdimappend
{

/// Size, time stamp and, for local files, inode; for a folder, those of the
/// metadata documents in it and one level below; for a folder in an object
/// store, those and the versions of all objects in it; for what is in an
/// archive, those of the archive besides. Empty where there is nothing to be
/// known.
std::string fingerprintOf(const std::string &path);

/// The same, and the listing that it was made of, if it was.
struct FoundState
{
    std::string fingerprint{};
    std::shared_ptr<const ObjectFolder> folder{};
};

/// Of one group of it: `group`, of groupPath, "" = the root. Of a Zarr store
/// the documents in the group, and one level below, count besides.
FoundState stateOf(const std::string &path, const std::string &group = "");

/// The state of a file, as that of a group in it: two groups of one file are
/// two slices.
std::string stateOfGroup(const std::string &state, const std::string &group);

/// Size, time stamp and inode; "" if there is no such file.
std::string stateOfLocalFile(const std::string &path);
std::string stateOfLocalFile(const struct stat &file);

}  // namespace mdimappend
