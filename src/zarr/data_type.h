// Element types as Zarr V2 and V3 spell them.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

namespace mdimappend
{

/// From .zarray's `dtype`; refuses what GDAL's driver cannot write.
Result<DataType> parseDataTypeV2(const Json &dtype);

/// From zarr.json's `data_type`.
Result<DataType> parseDataTypeV3(const Json &dataType);

/// As a document spells it; `type.name` is not used.
Result<Json> dataTypeV2(const DataType &type);
Json dataTypeV3(const DataType &type);

/// Whether elements are pairs of floating-point numbers; one such number's
/// size in bytes is half of the element's.
bool isComplex(const DataType &type);
bool isFloating(const DataType &type);

}  // namespace mdimappend
