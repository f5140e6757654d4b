// Chunks as they are stored: whether they can be taken as they are, from one
// array to another that stores its chunks in the same way.

#pragma once

#include "zarr/array_document.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

/// More bytes than any codec makes of a chunk: no codec makes twice as much of
/// it, and some more for headers and the index of a shard. What is larger is
/// refused before it takes memory. Variable-length texts have no bound.
std::uint64_t largestEncoded(const ArrayDocument &array);

/// The codecs (Zarr V3) of what is encoded by itself: of a chunk, or of an
/// inner chunk of a shard.
const Json &chunkCodecs(const ArrayDocument &array);

/// The name of the one codec that makes an array's chunks smaller: blosc, zstd,
/// gzip or zlib; "" for none, "?" for another, or for more than that.
std::string onlyCompressor(const ArrayDocument &array);

/// What an object decodes to; nothing if that is not exactly `size` bytes.
std::optional<std::string> decodeObject(const std::string &compressor,
                                        std::string_view object,
                                        std::uint64_t size);

/// Whether the object of a chunk of one array would be the same in the other:
/// same format, type, chunk shape, codecs and fill value. Numbers only.
bool haveSameEncoding(const ArrayDocument &a, const ArrayDocument &b);

/// Whether an object decodes to a chunk of the right size. Blosc says in its
/// header what it holds, and how long it is; what zstd, gzip and zlib made is
/// decoded. Of a shard, all inner chunks are looked at. False also where that
/// cannot be told.
bool isWholeChunk(const ArrayDocument &array, std::string_view object);

}  // namespace mdimappend
