// Which codecs GDAL's Zarr driver can write, and how new arrays name theirs.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

namespace mdimappend
{

/// Refuses by name what the driver cannot encode.
Status checkCompressionV2(const Json &compressor, const Json &filters);

/// The same for V3. The configuration of `sharding_indexed`, inside `codecs`;
/// null if the array is not sharded.
Result<const Json *> checkCodecsV3(const Json &codecs, const DataType &type);

/// Whether a transpose codec among these, inner ones of shards included, has an
/// order that is not its own inverse: GDAL's driver (3.13) takes it for its
/// inverse, and misreads the array.
bool rotatesAxes(const Json &codecs);

/// .zarray's `compressor` for a name and level of NewArray.
Result<Json> compressorV2(const std::string &name, int level,
                          const DataType &type);

/// zarr.json's `codecs` for one chunk: array to bytes, then the compressor.
Result<Json> codecsV3(const std::string &name, int level, const DataType &type);

/// `codecs` put into shards.
Json shardedCodecsV3(const std::vector<std::uint64_t> &innerChunk,
                     const Json &codecs);

}  // namespace mdimappend
