// The filters of Zarr V2 arrays: what is done to a chunk before it is
// compressed, as numcodecs configurations.
//
// GDAL's Zarr driver (3.13) writes two of them, delta and shuffle; it reads
// quantize and fixedscaleoffset but does not write them.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

namespace mdimappend
{

/// Refuses by name what the driver cannot encode in a chunk of `chunkBytes`.
/// `filters` is .zarray's member: null or a list.
Status checkFiltersV2(const Json &filters, std::uint64_t chunkBytes);

/// Whether one of these filters stores differences of floating-point numbers:
/// what it gives back is rounded, and after a NaN everything is NaN.
bool hasFloatDelta(const Json &filters);

/// The filters as the driver reads them. It wants types of one byte without
/// the "|" that NumPy gives them.
Json driverFilters(const Json &filters);

/// .zarray's `filters` for those of a NewArray, spelled so that GDAL and
/// zarr-python read them alike.
Result<Json> newFiltersV2(const Json &filters, const DataType &type,
                          std::uint64_t chunkBytes);

}  // namespace mdimappend
