// A coordinate reference system as CF and rioxarray write it: a scalar array
// `spatial_ref` whose attributes hold it, and attributes of coordinates.

#pragma once

#include "slice/slice_source.h"

#include <gdal_geotransform.h>
#include <ogr_spatialref.h>

#include <optional>

namespace mdimappend
{

/// crs_wkt (WKT2:2019), the CF parameters where CF has the projection, and
/// GeoTransform. `crs` may be null if there is a geotransform.
Json gridMappingAttributes(const OGRSpatialReference *crs,
                           const std::optional<GDALGeoTransform> &transform);

/// standard_name, units and axis of a coordinate along X or Y of `crs`; only
/// the axis where there is none.
Json coordinateAttributes(const OGRSpatialReference *crs, bool alongX);

/// The name of a scalar array with these attributes, added to `contents` if
/// there is none like it yet: spatial_ref, spatial_ref_2, ...
std::string addGridMapping(SourceContents &contents, const Json &attributes);

}  // namespace mdimappend
