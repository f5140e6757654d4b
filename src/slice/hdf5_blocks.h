// Values of HDF5 and NetCDF-4 files, read and decoded without these libraries:
// both are one big lock, and inflate more slowly than GDAL.
//
// libhdf5 says once where the blocks of an array are in the file, and how they
// are encoded. Then any number of threads read them. Whatever is out of the
// ordinary (a block that was never written, another filter or byte order, a
// block that does not decode to its size) is left to the library, which knows
// best what to do or to say.

#pragma once

#include "slice/copy_box.h"
#include "vsi/vsi_file.h"

#include <gdal_multidim.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mdimappend
{

class Hdf5Blocks
{
  public:
    /// The blocks of the array at `path` (as "group/array") in a local file, if
    /// it has this shape and type, and can be read so; else null.
    static std::shared_ptr<const Hdf5Blocks>
    of(const std::string &file, const std::string &path, const Extent &shape,
       const GDALExtendedDataType &type);

    struct Place
    {
        std::uint64_t offset = absent;
        std::uint64_t size = 0;
        std::uint32_t skippedFilters = 0;  ///< a bit each
    };

    enum class Filter
    {
        Deflate,
        Shuffle,
        Zstd
    };

    static constexpr std::uint64_t absent = UINT64_MAX;

    const std::string &file() const
    {
        return m_file;
    }

    const Extent &block() const
    {
        return m_block;
    }

    std::size_t blockBytes() const;

    /// Whether a box is one of the blocks.
    bool isBlock(const Extent &start, const Extent &count) const;

    std::size_t elementSize() const
    {
        return m_elementSize;
    }

    /// Of the block that begins at `index` times block().
    const Place &place(const Extent &index) const
    {
        return m_places[position(index)];
    }

    /// In the order in which they were applied.
    const std::vector<Filter> &filters() const
    {
        return m_filters;
    }

    /// The values lie as they are, in one piece, from this offset on.
    const std::optional<std::uint64_t> &contiguous() const
    {
        return m_contiguous;
    }

    const Extent &shape() const
    {
        return m_shape;
    }

  private:
    struct Survey;

    std::size_t position(const Extent &index) const;

    std::string m_file;
    Extent m_shape;
    std::size_t m_elementSize = 0;
    Extent m_block;
    Extent m_grid;
    std::vector<Place> m_places;
    std::vector<Filter> m_filters;
    std::optional<std::uint64_t> m_contiguous;
};

/// Reads in one thread.
class Hdf5BlockReader
{
  public:
    explicit Hdf5BlockReader(std::shared_ptr<const Hdf5Blocks> blocks);

    /// Reads a box, C order, into `buffer`. False: it is to be read by the
    /// library, whatever is in the buffer now.
    bool read(std::span<const std::uint64_t> start,
              std::span<const std::uint64_t> count, void *buffer);

  private:
    bool readContiguous(const Extent &start, const Extent &count, char *buffer);
    bool readBlock(const Extent &index);
    bool decode(const Extent &index, char *block);
    bool readAt(std::uint64_t offset, void *buffer, std::size_t size);

    std::shared_ptr<const Hdf5Blocks> m_blocks;
    VsiFile m_file;

    /// Bytes that are written before they are read.
    class Room
    {
      public:
        char *room(std::size_t size);

        const char *bytes() const
        {
            return m_bytes.get();
        }

      private:
        std::unique_ptr<char[]> m_bytes;
        std::size_t m_size = 0;
    };

    Room m_decoded;                 ///< block m_index
    std::array<Room, 2> m_scratch;  ///< what is between two filters
    Extent m_index{};
};

}  // namespace mdimappend
