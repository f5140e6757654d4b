// Documents of arrays in one spelling, for comparing those that say the same in
// other words.

#pragma once

#include "json/json_text.h"

namespace mdimappend
{

/// zarr.json of an array: defaults that writers may spell out or leave out are
/// left out, names that stand alone become objects, fill values are compared by
/// their bits.
Json canonicalV3(Json document);

/// .zarray.
Json canonicalV2(Json document);

}  // namespace mdimappend
