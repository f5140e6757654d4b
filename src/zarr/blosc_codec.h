// Chunks that are nothing but their elements in memory, encoded by Blosc: with
// GDAL's codec, but without its Zarr driver, which copies each chunk twice and
// is opened anew for each array.

#pragma once

#include "zarr/array_document.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

struct BloscSettings
{
    std::string compressor;
    int level = 0;
    std::string shuffle;  ///< as GDAL's codec has it: NONE, BYTE, BIT
    std::uint64_t typeSize = 0;
    std::uint64_t blockSize = 0;  ///< 0: Blosc's own choice

    /// Of an array's chunks, or of the inner chunks of its shards. Nothing if
    /// they are something else: texts, of another byte order or order of axes,
    /// or with more codecs.
    static std::optional<BloscSettings> of(const ArrayDocument &array);
};

/// What comes of `bytes`, in `room`, which becomes as large as need be. Nothing
/// if the codec fails.
std::optional<std::string_view> bloscEncode(const BloscSettings &settings,
                                            std::string_view bytes,
                                            std::string &room);

}  // namespace mdimappend
