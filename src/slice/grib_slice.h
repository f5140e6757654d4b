// GRIB has no names for dimensions, no units for its coordinates, and one file
// often holds one instant. This makes what GDAL's driver gives a CF slice.

#pragma once

#include "slice/slice_source.h"

namespace mdimappend
{

/// Renames GDAL's TIME, Y, X to time, y, x; gives `time` CF units (GDAL counts
/// seconds since 1970 UTC and calls that "sec UTC") and y and x those of the
/// CRS; and if no array has a time dimension and no label is given, makes their
/// common validity time a scalar `time`. GDAL gives fields whose instant does
/// not fit the others an array of their own without TIME: these would pass for
/// static ones, and have a problem.
void adaptGrib(SourceContents &contents, const SliceRequest &request);

}  // namespace mdimappend
