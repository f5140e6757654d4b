// Which codecs GDAL's Zarr driver can write.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

namespace mdimappend
{

/// The refusal of a codec, spelled out with its parameters.
Status cannotEncode(std::string_view what, const Json &codec,
                    std::string_view reason = {});

/// Whether this build of GDAL has a compressor; of blosc, also the one inside.
Status checkBuilt(const std::string &name, const std::string &cname = {});

/// Refuses by name what the driver cannot encode: .zarray's `compressor`.
/// filters_v2.h has the filters.
Status checkCompressorV2(const Json &compressor);

/// The same for V3. The configuration of `sharding_indexed`, inside `codecs`;
/// null if the array is not sharded.
Result<const Json *> checkCodecsV3(const Json &codecs, const DataType &type);

/// Whether a transpose codec among these, inner ones of shards included, has an
/// order that is not its own inverse: GDAL's driver (3.13) takes it for its
/// inverse, and misreads the array.
bool rotatesAxes(const Json &codecs);

}  // namespace mdimappend
