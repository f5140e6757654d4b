// Attributes of what is in the groups that a slice is made of, by the names
// that these have in them.

#pragma once

#include "slice/hdf5_check.h"
#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Looks at the groups of these keys ("" = the root) and at what is in them.
/// checkHdf5 calls each object by one of its names, and links can give it more.
/// `name`: the file as GDAL opens it; nothing is done if libhdf5 does not open
/// it. Failure::Unavailable: an attribute is damaged.
Status lookAtGroups(const std::string &name,
                    const std::vector<std::string> &groups,
                    Hdf5Attributes &found);

}  // namespace mdimappend
