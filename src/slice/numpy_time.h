// NumPy's times as Zarr V3 has them (`numpy.datetime64`, `numpy.timedelta64`):
// GDAL reads their numbers, and what these count is said here as CF says it.

#pragma once

#include "json/json_text.h"
#include "status.h"

#include <gdal_multidim.h>

namespace mdimappend
{

struct NumpyTime
{
    bool isTime = false;
    Json attributes = Json::object();  ///< units, and calendar or dtype
    /// Why CF has no words for it; an OK status if it has.
    Status problem{};
};

/// Of an array that GDAL's Zarr driver has opened.
NumpyTime numpyTimeOf(const GDALMDArray &array);

}  // namespace mdimappend
