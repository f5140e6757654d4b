// Reads boxes of an HDF5 array block by block, without libhdf5.

#pragma once

#include "slice/hdf5_blocks.h"
#include "vsi/vsi_file.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace mdimappend
{

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
    void copyPart(const Extent &index, const Extent &start, const Extent &count,
                  void *buffer) const;
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
