// Attributes of HDF5 files that have no value.

#pragma once

#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

/// The names of such attributes, by the object in the root group that has them
/// ("": the group itself). GDAL's HDF5 driver has a number for each, whatever
/// was in its memory. Empty for what is no HDF5 file.
std::map<std::string, std::vector<std::string>>
attributesWithoutValue(const std::string &file);

}  // namespace mdimappend
