// The value that stands for "missing" in an array of the target, one that is
// there or a new one.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// One element, native byte order, that every reader takes for missing: V2's
/// fill value, V3's attribute `_FillValue`; without one, real numbers have NaN,
/// and integers what `missing_value` says. V3's fill value is padding: xarray
/// does not look at it.
Result<std::optional<std::string>>
missingForAllReaders(const ArrayDocument &document);

/// What readers take for missing besides `missing`: what the attribute
/// `missing_value` says. Numbers only.
Result<std::vector<std::string>>
otherMissingOf(const ArrayDocument &document,
               const std::optional<std::string> &missing);

/// What fills rows that nobody brings; "" for texts.
Result<std::optional<std::string>> fillFor(const ArrayDocument &document);

/// One element of `type`, native byte order, of a missing value in settings: a
/// number, or "NaN", "Infinity", "-Infinity"; nothing for null.
/// Refused if the type cannot hold it.
Result<std::optional<std::string>> nodataElement(const Json &nodata,
                                                 GDALDataType type);

}  // namespace mdimappend
