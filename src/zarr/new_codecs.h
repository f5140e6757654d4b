// The codecs of new arrays.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

namespace mdimappend
{

/// As NewArray has it.
struct Compression
{
    std::string name;
    std::optional<int> level;
    std::string shuffle;
};

/// .zarray's `compressor`.
Result<Json> compressorV2(const Compression &compression, const DataType &type);

/// zarr.json's `codecs` for one chunk: array to bytes, then the compressor.
Result<Json> codecsV3(const Compression &compression, const DataType &type);

/// `codecs` put into shards.
Json shardedCodecsV3(const std::vector<std::uint64_t> &innerChunk,
                     const Json &codecs);

}  // namespace mdimappend
