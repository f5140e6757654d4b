// Fill values between JSON and memory.

#pragma once

#include "zarr/array_document.h"

#include <string_view>

namespace mdimappend
{

/// A number as a fill value spells it: NaN and infinities as strings.
Json fillNumber(double value);

/// One element as `fill_value` (V2 and V3). Numeric and Bool only.
Json fillJson(const DataType &type, std::string_view element);

/// One element as xarray's V3 attribute `_FillValue`: floating-point numbers as
/// base64 of a little-endian double whatever their size, complex ones as a pair
/// of those, integers plain.
Json missingValueAttribute(const DataType &type, std::string_view element);

}  // namespace mdimappend
