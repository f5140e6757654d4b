// Which arrays a group has: some that drivers list are none, or are another
// group's, and some that are there are not listed.

#pragma once

#include "slice/gdal_messages.h"
#include "slice/multidim_array.h"
#include "slice/slice_source.h"
#include "status.h"

#include <optional>
#include <string>

namespace mdimappend
{

/// h5netcdf and netCDF-4 keep dimensions without coordinates as datasets.
bool isOnlyDimension(const GDALMDArray &array);

/// Failure::Unavailable, with what the driver says.
Status cannotOpen(const std::string &name, const GdalMessages &messages);

/// An array of a Zarr store that its documents have, and GDAL's driver has not:
/// it has no values, or else is of a type that the driver does not know.
SourceArray hiddenArray(const ZarrSlice &store, const std::string &key);

/// The Zarr store that GDAL has opened as `file`, by where it says that arrays
/// are. Nothing if it does not say so.
Result<std::optional<ZarrSlice>> zarrAround(const SourceGroup &group,
                                            std::string file);

/// GDAL's Zarr driver looks for coordinates in the groups above, and takes them
/// for arrays of this one: whether the one of this key is such.
bool isOfGroupAbove(const MultidimSource &source, const std::string &key,
                    const GDALMDArray &array);

/// Failure::Unavailable: an array of a Zarr store has gone since it was listed.
/// Failure::Refused: it is in a group above what was opened.
Status checkStillThere(const MultidimSource &source, const std::string &key,
                       const GDALMDArray &array);

/// Coordinates that a driver has but does not list are read here and now.
Status addUnlistedCoordinates(SourceContents &contents,
                              const MultidimSource &source,
                              const GDALMDArray &array);

}  // namespace mdimappend
