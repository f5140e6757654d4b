// Targets named as GDAL's drivers name datasets: ZARR:cube.zarr and
// MDIMAPPEND:cube.zarr mean the store cube.zarr.

#pragma once

#include "status.h"

#include <string>

namespace mdimappend
{

/// What stands behind the prefix of a driver.
struct DriverName
{
    std::string path;
    /// Which array, and which of its planes: ":/air:3". Only after a quoted
    /// path.
    std::string array;
};

/// The parts of `name`, whose prefix (with its colon) has this length. An
/// empty path, or something else than an array behind a quoted one, is left for
/// the caller to refuse. Failure::Usage if a quotation mark is missing.
Result<DriverName> parseDriverName(const std::string &name, std::size_t prefix);

/// The path of the target that `name` means: what is behind ZARR: or
/// MDIMAPPEND:, the path in file:///d/cube.zarr, or all of it. Failure::Usage
/// if that names an array of a store, if it has another prefix, or if there is
/// also a folder that is called so, prefix and all.
Result<std::string> targetPath(const std::string &name);

}  // namespace mdimappend
