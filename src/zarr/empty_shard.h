// The object of a shard in which there is nothing: its index alone.

#pragma once

#include "zarr/array_document.h"

#include <optional>
#include <string>

namespace mdimappend
{

/// GDAL's driver leaves out inner chunks that are all fill, and the shard with
/// the last of them. Where an object has to be there all the same, this is it:
/// readers see the fill value. Nothing if the index is encoded by other codecs
/// than `bytes` and `crc32c`.
/// Source: Zarr V3, "Sharding codec", binary shard format.
std::optional<std::string> emptyShard(const ArrayDocument &document);

}  // namespace mdimappend
