// NetCDF-4 files whose names do not say so.

#pragma once

#include <string>

namespace mdimappend
{

/// Whether GDAL's netCDF driver takes an HDF5 file of this name.
bool hasNetcdfName(const std::string &file);

/// Whether the local file is netCDF-4 by what is in it, and has a name by which
/// GDAL takes it for any other HDF5 file: its HDF5 driver does not know the
/// size of unlimited dimensions, nor which arrays are only dimensions. Looked
/// for in the root and in `group`, a path.
bool isNetcdf4ByAnotherName(const std::string &file, const std::string &group);

}  // namespace mdimappend
