// The value that stands for "missing" in an array of the target, one that is
// there or a new one.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

#include <optional>
#include <string>

namespace mdimappend
{

/// One element, native byte order: V3's `_FillValue`, else the fill value; but
/// zarr-python pads V3 arrays with 0 and means nothing by it. Numbers only.
Result<std::optional<std::string>> missingOf(const ArrayDocument &document);

/// The same as far as every reader takes it for missing: xarray does not look
/// at the fill value of a V3 array. Real numbers without one have NaN.
Result<std::optional<std::string>>
missingForAllReaders(const ArrayDocument &document);

/// What fills rows that nobody brings; "" for texts.
Result<std::optional<std::string>> fillFor(const ArrayDocument &document);

/// One element of `type`, native byte order, of a missing value in settings: a
/// number, or "NaN", "Infinity", "-Infinity"; nothing for null.
/// Failure::Usage if the type cannot hold it.
Result<std::optional<std::string>> nodataElement(const Json &nodata,
                                                 GDALDataType type);

}  // namespace mdimappend
