// GDAL's attributes as JSON, without loss: integers exact, NaN kept, text made
// valid UTF-8.

#pragma once

#include "json/json_text.h"
#include "status.h"

#include <gdal_multidim.h>

#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// `text` if it is valid UTF-8; otherwise every byte is taken for a Latin-1
/// character, which is what old files contain.
std::string validUtf8(std::string_view text);

/// All attributes, those a driver hides (units, _FillValue) included, in the
/// source's order, but for bookkeeping: scalars, or nested arrays for as many
/// dimensions as they have; an empty array for those that have no values, and
/// for those named in `withoutValue`. Failure::Unavailable if one cannot be
/// read: "its attribute 'units' ...".
Result<Json>
attributesToJson(const GDALIHasAttribute &owner,
                 const std::vector<std::string> &withoutValue = {});

/// The attributes without what HDF5, netCDF, NCZarr and OPeNDAP keep there for
/// themselves: sizes, chunks, numbers of dimensions.
Json withoutInternals(Json attributes);

/// Those of `names` that the attributes lack and that are no bookkeeping, as
/// valid UTF-8.
std::vector<std::string> notAmong(const Json &attributes,
                                  const std::vector<std::string> &names);

/// Whether there is an attribute of this name that has no values: what GDAL's
/// driver says of it is then whatever was in its memory.
bool hasNoValue(const Json &attributes, const char *name);

}  // namespace mdimappend
