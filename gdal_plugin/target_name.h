// The names of the driver's datasets: MDIMAPPEND:cube.zarr,
// MDIMAPPEND:"cube.zarr", MDIMAPPEND:"cube.zarr":/air:3.

#pragma once

#include "status.h"

#include <string>

namespace mdimappend
{

inline constexpr const char *DRIVER_NAME = "MDIMAPPEND";
inline constexpr const char *NAME_PREFIX = "MDIMAPPEND:";

struct TargetName
{
    std::string path;
    /// Which array, and which of its planes: ":/air:3", as in the names of
    /// GDAL's Zarr driver. Only after a quoted path.
    std::string array;
};

bool hasPrefix(const char *name);

/// Failure::Usage for a name without the prefix or without a path.
Result<TargetName> parseTargetName(const std::string &name);

}  // namespace mdimappend
