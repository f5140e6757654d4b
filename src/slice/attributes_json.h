// GDAL's attributes as JSON, without loss: integers exact, NaN kept, text made
// valid UTF-8.

#pragma once

#include "json/json_text.h"

#include <gdal_multidim.h>

#include <string>
#include <string_view>

namespace mdimappend
{

/// `text` if it is valid UTF-8; otherwise every byte is taken for a Latin-1
/// character, which is what old files contain.
std::string validUtf8(std::string_view text);

/// The value of one attribute: a scalar, or nested arrays for as many
/// dimensions as it has.
Json attributeToJson(const GDALAttribute &attribute);

/// All attributes, those a driver hides (units, _FillValue) included, in the
/// source's order. Bookkeeping of HDF5 and netCDF-4 is left out.
Json attributesToJson(const GDALIHasAttribute &owner);

}  // namespace mdimappend
