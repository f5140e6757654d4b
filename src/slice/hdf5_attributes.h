// Attributes of HDF5 files that have no value, or one that cannot be read.

#pragma once

#include <hdf5.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// The names of such attributes, by the object in the root group that has them
/// ("": the group itself). GDAL's HDF5 driver has a number for each, whatever
/// was in its memory. Empty for what is no HDF5 file.
std::map<std::string, std::vector<std::string>>
attributesWithoutValue(const std::string &file);

/// The name of the first attribute of an open object that is damaged ("?" if
/// not even that is known). The netCDF library frees what it has not read of
/// such a text, which ends the process.
std::optional<std::string> unreadableAttribute(hid_t object);

}  // namespace mdimappend
