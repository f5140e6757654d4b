// The filters of HDF5 that blocks are decoded of without libhdf5.

#pragma once

#include <cstddef>

namespace mdimappend
{

enum class Hdf5Filter
{
    Deflate,
    Shuffle,
    Zstd
};

/// Undoes Deflate or Zstd. Whether all of `size` bytes came out.
bool decompressHdf5(Hdf5Filter filter, const char *from, std::size_t fromSize,
                    char *to, std::size_t size);

/// Undoes Shuffle: of the first bytes of all elements, then the second ones,
/// ... What is left after whole elements is as it was.
void unshuffleHdf5(const char *from, char *to, std::size_t size,
                   std::size_t elementSize);

}  // namespace mdimappend
