// What libhdf5 knows of the attributes of HDF5 files, and GDAL's drivers do not
// tell.

#pragma once

#include <hdf5.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

using AttributeNames = std::vector<std::string>;

/// By the path of the object that has them, from the root group on ("": the
/// group itself).
struct Hdf5Attributes
{
    /// Those without a value: GDAL's HDF5 driver has a number for each,
    /// whatever was in its memory.
    std::map<std::string, AttributeNames> withoutValue{};
    /// Those of types that GDAL's drivers pass over, or read otherwise than
    /// they are: what they say is not known.
    std::map<std::string, AttributeNames> ofOtherTypes{};
};

/// Looks at all attributes of an open object. Returns the name of the first
/// that is damaged ("?" if not even that is known): the netCDF library frees
/// what it has not read of such a text, which ends the process.
std::optional<std::string>
lookAtAttributes(hid_t object, const std::string &path, Hdf5Attributes &found);

/// Those of one object in one of the maps above.
AttributeNames namesOf(const std::map<std::string, AttributeNames> &byObject,
                       const std::string &object);

}  // namespace mdimappend
