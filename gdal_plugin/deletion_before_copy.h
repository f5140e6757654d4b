// What GDALDriver::CreateCopy does before it calls a driver (GDAL 3.13):
//
//   1  it opens the name with that driver alone, and quietly;
//   2  it looks for a driver that knows the name, plugins first;
//   3  it has that driver delete what is there.
//
// A cube named without MDIMAPPEND: would be known by the Zarr driver, and be
// gone. So 1 finds nothing (at once, while opening a long cube as a raster
// would take longer than appending to it), we know the name in 2, whatever it
// is, and 3 does nothing.
//
// This holds for one thread and for calls that follow each other like that. Who
// opens a target as in 1 for its own sake finds nothing, either.

#pragma once

#include <gdal_priv.h>

namespace mdimappend
{

/// Whether this is 1.
bool isOpenedBeforeCopy(const GDALOpenInfo &info);

/// Whether this is 2.
bool isLookedForBeforeCopy(const GDALOpenInfo &info);

/// Whether this is 3.
bool isDeletedBeforeCopy(const char *name);

}  // namespace mdimappend
