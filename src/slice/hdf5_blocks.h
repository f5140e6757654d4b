// Where the blocks of an array of an HDF5 or NetCDF-4 file are, so that they
// can be read (hdf5_block_reader.h) without these libraries: both are one big
// lock, and inflate more slowly than GDAL.
//
// libhdf5 says it once. Then any number of threads read. Whatever is out of the
// ordinary (a block that was never written, another filter or byte order, a
// block that does not decode to its size) is left to the library, which knows
// best what to do or to say.

#pragma once

#include "slice/copy_box.h"
#include "slice/hdf5_filters.h"

#include <gdal_multidim.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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
    const std::vector<Hdf5Filter> &filters() const
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
    std::vector<Hdf5Filter> m_filters;
    std::optional<std::uint64_t> m_contiguous;
};

}  // namespace mdimappend
