// Small slices, read while another one is appended.

#pragma once

#include "slice/slice_source.h"

#include <cstdint>
#include <memory>
#include <span>

namespace mdimappend
{

/// Reads all arrays of a small HDF5 or NetCDF-4 slice: reading one waits for
/// whoever opens another, since libhdf5 has one lock for all. False: it was not
/// worth it, or not all could be read.
bool readAheadWhole(const std::shared_ptr<const SliceState> &state);

/// Copies a box of an array that was read ahead, C order. False: it was not.
bool copyFromAhead(const SliceState &state, std::size_t array,
                   std::span<const std::uint64_t> start,
                   std::span<const std::uint64_t> count, void *buffer);

}  // namespace mdimappend
