// The size that a classic netCDF file says it has. Neither the netCDF library
// nor GDAL notices that such a file was cut off: what is missing reads as 0.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// The least size in bytes of the file at `path`, by its header; the greatest
/// number if the header itself is cut off or damaged; nothing if it is no
/// classic netCDF file (CDF-1, CDF-2 or CDF-5).
std::optional<std::uint64_t> netcdf3Size(const std::string &path);

/// The variables of type NC_CHAR of such a file, each with the names of its
/// dimensions; nothing if it is none, or damaged.
std::optional<std::map<std::string, std::vector<std::string>>>
netcdf3Chars(const std::string &path);

}  // namespace mdimappend
