// How an array is compressed, in the words that settings have for new ones.

#pragma once

#include "zarr/new_codecs.h"

namespace mdimappend
{

/// Its name is "none" where there is no compressor, and "blosc:" with the one
/// inside; its shuffle is blosc's, "" for others.
Compression compressionOf(const ArrayDocument &document);

}  // namespace mdimappend
