// Which value of an array stands for "missing".

#pragma once

#include "json/json_text.h"
#include "slice/slice.h"

#include <gdal_multidim.h>

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// One element of numeric type `type`, native byte order, that equals `value`:
/// a number, a text that is a number ("-99", "NaN", "Infinity"), or, with
/// `base64`, little-endian bytes (as xarray writes V3's _FillValue). Nothing if
/// an integer type does not hold the value exactly: such a value can never
/// occur, GDAL's clamped one could.
std::optional<std::string> elementOf(const Json &value, GDALDataType type,
                                     bool base64 = false);

/// Whether the attributes say that signed integers are to be read as unsigned
/// ones (NetCDF's `_Unsigned`).
bool isDeclaredUnsigned(const Json &attributes);

/// The elements that `missing_value` in these attributes names: one or several
/// numbers that the type holds exactly. Others never occur in the array:
/// readers compare 1e20 as a double with what a float32 has for it, and find no
/// missing value. NaN is missing anyway and not listed. A negative number of
/// an unsigned type stands for the same bits if the array says `_Unsigned`.
std::vector<std::string> declaredMissing(const Json &attributes,
                                         GDALDataType type);

/// The missing values of an array with these attributes (`_FillValue` and
/// `missing_value` included), that which stands for all in front: `_FillValue`,
/// else what the driver says, else the first `missing_value`. The driver's word
/// comes second because it gives way where the attribute's type is not the
/// array's (1e20 as double, for float32).
std::vector<std::string> missingValuesOf(const GDALMDArray &array,
                                         const Json &attributes);

/// Takes the first for the one that stands for all.
void setMissing(SliceArray &array, std::vector<std::string> elements);

/// Other missing values than the one that stands for all as the attribute
/// `missing_value`, as far as JSON has them; null if there are none.
Json otherMissingAttribute(const SliceArray &array);

/// `first`, if there is one, and what `missing_value` says besides.
std::vector<std::string>
withDeclaredMissing(const std::optional<std::string> &first,
                    const Json &attributes, GDALDataType type);

}  // namespace mdimappend
