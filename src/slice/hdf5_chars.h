// Which datasets of a netCDF-4 file are of characters, as libhdf5 says it.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// Those among `names` (in the root group) that are, each with the names of its
/// dimensions, as far as the file has them; nothing if it is no HDF5 file, or
/// cannot be read.
std::optional<std::map<std::string, std::vector<std::string>>>
hdf5Chars(const std::string &file, const std::vector<std::string> &names);

}  // namespace mdimappend
