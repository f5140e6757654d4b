// What libhdf5 finds in an HDF5 or NetCDF-4 file: data that are in other files,
// and attributes that are damaged.
//
// A dataset's values may be the raw bytes of any file (external storage), or
// parts of other HDF5 files (virtual datasets, external links). libhdf5 follows
// such names wherever they lead, and looks for relative ones in more than one
// folder. A stranger's slice could thus have any bytes that the user may read
// stored as data, in a cube that others read: such a slice is refused unless
// the configuration option MDIMAPPEND_REFERENCES=ANYWHERE (--slice-config)
// allows it, as for the references of zarr_references.h.

#pragma once

#include "slice/hdf5_attributes.h"
#include "slice/hdf5_file.h"
#include "status.h"

#include <string>

namespace mdimappend
{

struct CheckedHdf5
{
    /// Anything but Hdf5 was not looked through.
    Hdf5Kind kind = Hdf5Kind::Other;
    Hdf5Attributes attributes{};
    std::string whyUnopened{};
};

/// Looks through all objects of a file, at any depth. Failure::Refused if one
/// refers to another file, Failure::Unavailable if one is damaged. `name` is
/// the file as GDAL opens it. Anything but Hdf5Kind::Hdf5 was not looked
/// through.
Result<CheckedHdf5> checkHdf5(const std::string &name);

/// Whether a driver of GDAL's calls libhdf5, itself or by the netCDF library.
bool callsHdf5(const std::string &driver);

/// Refuses a file whose references checkHdf5 could not see.
Status checkWasSearched(const CheckedHdf5 &checked);

}  // namespace mdimappend
