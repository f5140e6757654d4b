// The objects of shards: encoded inner chunks, and an index that says where
// each one is. Made and checked without GDAL's driver, which encodes from a
// copy of each inner chunk, and cannot make a shard in which there is nothing.
// Source: Zarr V3, "Sharding codec", binary shard format.

#pragma once

#include "zarr/array_document.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

struct ShardLayout
{
    std::size_t innerChunks = 0;
    bool indexIsFirst = false;
    bool hasChecksum = false;
    bool isLittleEndian = false;

    /// Nothing if an array has no shards, or its index is encoded by other
    /// codecs than `bytes` and `crc32c`.
    static std::optional<ShardLayout> of(const ArrayDocument &array);

    std::size_t indexSize() const;
};

/// A shard as it grows.
class ShardObject
{
  public:
    /// Of a little-endian index, or to stay empty.
    explicit ShardObject(const ShardLayout &layout);

    /// Puts in an inner chunk; those that are left out are all fill. `number`:
    /// in C order.
    void add(std::size_t number, std::string_view encoded);

    /// The object. Nothing can be added to it any more.
    std::string_view finish();

    /// Begins the next one, in the same memory.
    void clear();

  private:
    struct Place
    {
        std::uint64_t offset;
        std::uint64_t size;
    };

    ShardLayout m_layout;
    std::vector<Place> m_index;
    std::string m_bytes;
};

/// Whether an object is a shard whose index is in order, and whose inner chunks
/// are where it says and all pass `isWhole`. False also where that cannot be
/// told.
bool isWholeShard(const ShardLayout &layout, std::string_view object,
                  const std::function<bool(std::string_view)> &isWhole);

/// The object of a shard in which there is nothing: readers see the fill value.
/// Nothing if there is no ShardLayout.
std::optional<std::string> emptyShard(const ArrayDocument &array);

}  // namespace mdimappend
