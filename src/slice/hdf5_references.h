// HDF5 and NetCDF-4 files whose data are in other files.
//
// A dataset's values may be the raw bytes of any file (external storage), or
// parts of other HDF5 files (virtual datasets, external links). libhdf5 follows
// such names wherever they lead, and looks for relative ones in more than one
// folder. A stranger's slice could thus have any bytes that the user may read
// stored as data, in a cube that others read: such a slice is refused unless
// the configuration option MDIMAPPEND_REFERENCES=ANYWHERE (--slice-config)
// allows it, as for the references of zarr_references.h.

#pragma once

#include "status.h"

#include <string>

namespace mdimappend
{

/// Refuses a slice of a driver that calls libhdf5 if an object in it, at any
/// depth, refers to another file. `name` is the file as GDAL opens it. A file
/// that is not HDF5 passes.
Status checkHdf5References(const std::string &name, const std::string &driver);

}  // namespace mdimappend
