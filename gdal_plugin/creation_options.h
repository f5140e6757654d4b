// The driver's creation options: the arguments of `gdal mdim append`, as
// APPEND_DIM for --append-dim. There is one definition of each, the argument.

#pragma once

#include "status.h"

#include <cpl_string.h>
#include <gdalalgorithm_cpp.h>

#include <string>

namespace mdimappend
{

/// The list of a driver's metadata, in an element named `root`.
std::string creationOptionsXml(const GDALAlgorithm &append,
                               const std::string &root);

/// Failure::Usage for what is no creation option, or not a value of it.
/// Lists: an option may be there several times; what may be several values on
/// the command line ("air,sst") may be so here.
Status setCreationOptions(CSLConstList options, GDALAlgorithm &append);

}  // namespace mdimappend
