// Which value of an array stands for "missing".

#pragma once

#include "json/json_text.h"

#include <gdal_multidim.h>

#include <optional>
#include <string>

namespace mdimappend
{

/// One element of numeric type `type`, native byte order, that equals `value`:
/// a number, a text that is a number ("-99", "NaN", "Infinity"), or, with
/// `base64`, little-endian bytes (as xarray writes V3's _FillValue). Nothing if
/// an integer type does not hold the value exactly: such a value can never
/// occur, GDAL's clamped one could.
std::optional<std::string> elementOf(const Json &value, GDALDataType type,
                                     bool base64 = false);

/// The missing value of an array with these attributes (`_FillValue` and
/// `missing_value` included): `_FillValue`, else what the driver says, else
/// `missing_value`. The driver's word comes second because it gives way where
/// the attribute's type is not the array's (1e20 as double, for float32).
std::optional<std::string> missingValueOf(const GDALMDArray &array,
                                          const Json &attributes);

}  // namespace mdimappend
