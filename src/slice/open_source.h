// The dataset that a slice is read through.

#pragma once

#include "slice/slice_source.h"
#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// The first opening, which settles what `address` leaves open: as
/// multidimensional if a driver can, else as a raster, through files of ours or
/// GDAL's own. Failure::Unavailable if nothing can be opened, or if it is not
/// complete; Failure::Refused if it leads to files elsewhere.
Result<SourceDataset> openFirst(SourceAddress &address,
                                const std::vector<std::string> &drivers);

/// A dataset that the caller has opened. `group`: of groupPath.
SourceDataset borrowSource(GDALDataset &dataset, const std::string &group);

}  // namespace mdimappend
