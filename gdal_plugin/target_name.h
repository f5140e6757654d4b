// The names of the driver's datasets: MDIMAPPEND:cube.zarr,
// MDIMAPPEND:"cube.zarr", MDIMAPPEND:"cube.zarr":/air:3.

#pragma once

#include "status.h"
#include "storage/target_name.h"

#include <string>

namespace mdimappend
{

inline constexpr const char *DRIVER_NAME = "MDIMAPPEND";
inline constexpr const char *NAME_PREFIX = "MDIMAPPEND:";

/// Its array is as in the names of GDAL's Zarr driver.
using TargetName = DriverName;

bool hasPrefix(const char *name);

/// Failure::Usage for a name without the prefix or without a path.
Result<TargetName> parseTargetName(const std::string &name);

}  // namespace mdimappend
