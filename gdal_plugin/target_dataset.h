// A target, open for reading by GDAL's Zarr driver. It has no file list: GDAL
// deletes what a dataset lists, before it asks a driver to write.

#pragma once

#include "status.h"
#include "target_name.h"

#include <gdal_priv.h>

#include <memory>
#include <string>

namespace mdimappend
{

/// `flags`: GDAL_OF_MULTIDIM_RASTER, or GDAL_OF_RASTER. `options`: those of the
/// Zarr driver. An append that is being applied is waited for; one that was
/// interrupted at that is refused (transaction/readable.h).
Result<std::unique_ptr<GDALDataset>> openTarget(const TargetName &name,
                                                const std::string &group,
                                                unsigned flags,
                                                CSLConstList options);

}  // namespace mdimappend
