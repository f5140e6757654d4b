// The bytes of a NetCDF-4 or HDF5 slice without the HDF5 library: where blocks
// lie is asked of GDAL once, then they are read by pread and decoded by GDAL's
// own decompressors. For the roof: this is the least that reading can cost.

#pragma once

#include <gdal_priv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace roof
{

using Shape = std::vector<std::uint64_t>;

std::uint64_t product(const Shape &shape);

/// One array of a slice that is open. Thread-safe.
class SourceArray
{
  public:
    /// Throws std::runtime_error where the layout is another than plain or
    /// chunked with deflate and shuffle, little-endian.
    SourceArray(int file, GDALMDArray &array);

    const Shape &shape() const
    {
        return m_shape;
    }

    std::size_t elementSize() const
    {
        return m_elementSize;
    }

    /// How many rows of dimension 1 a block has; 1 if the array has no blocks.
    std::uint64_t blockRows() const
    {
        return m_blocks.empty() ? 1 : m_block[1];
    }

    /// Buffers that a thread uses again.
    struct Scratch
    {
        std::vector<char> raw;
        std::vector<char> shuffled;
        std::vector<char> block;
    };

    /// All of dimension 0, rows [low, high) of dimension 1, all of the others.
    void readBand(std::uint64_t low, std::uint64_t high, char *band,
                  Scratch &scratch) const;

  private:
    struct Block
    {
        Shape origin;
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
    };

    void findBlocks(GDALMDArray &array);
    void readPlain(std::uint64_t low, std::uint64_t high, char *band) const;
    void decode(const Block &block, char *values, Scratch &scratch) const;

    int m_file;
    Shape m_shape;
    std::size_t m_elementSize;
    Shape m_block;
    std::vector<Block> m_blocks;
    std::uint64_t m_offset = 0;  ///< of an array without blocks
    bool m_deflated = false;
    bool m_shuffled = false;
};

/// A slice that is open: `arrays` in the order asked for.
class Source
{
  public:
    Source(const std::string &path, const std::vector<std::string> &names);
    ~Source();
    Source(const Source &) = delete;
    Source &operator=(const Source &) = delete;

    std::vector<SourceArray> arrays;

  private:
    int m_file = -1;
};

}  // namespace roof
