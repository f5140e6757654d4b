// GRIB has no names for dimensions, no units for its coordinates, and no order
// of its messages that means anything. This makes what GDAL's driver gives a CF
// slice.

#pragma once

#include "slice/slice_source.h"

namespace mdimappend
{

/// Arranges the messages of the file by what they say: several instants become
/// a dimension `time`, in order, and each member of an ensemble an array. Names
/// the dimensions of grids y and x, and gives coordinates the units of the CRS.
/// If all is of one instant and no label is given, that is the scalar `time`.
/// Fields that cannot be told apart, or have other instants than the rest, have
/// a problem. `file`: as GDAL has opened it.
Status adaptGrib(SourceContents &contents, const GDALGroup &root,
                 const std::string &file, const SliceRequest &request);

}  // namespace mdimappend
