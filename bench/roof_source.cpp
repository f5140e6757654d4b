#include "roof_source.h"

#include "chunks/chunk_grid.h"

#include <cpl_compressor.h>
#include <cpl_string.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace roof
{

std::uint64_t product(const Shape &shape)
{
    return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1},
                           std::multiplies<>());
}

namespace
{

void readAt(int file, std::uint64_t offset, char *buffer, std::size_t size)
{
    while (size > 0)
    {
        const auto got =
            ::pread(file, buffer, size, static_cast<off_t>(offset));
        if (got <= 0)
            throw std::runtime_error("a slice cannot be read");
        buffer += got;
        offset += static_cast<std::uint64_t>(got);
        size -= static_cast<std::size_t>(got);
    }
}

/// HDF5's shuffle filter, backwards: byte planes to elements.
void unshuffle(const char *planes, char *values, std::size_t count,
               std::size_t size)
{
    const auto *bytes = reinterpret_cast<const unsigned char *>(planes);
    if (size == 4)
    {
        // In this form compilers make vector instructions of it.
        auto *words = reinterpret_cast<std::uint32_t *>(values);
        for (std::size_t i = 0; i < count; ++i)
            words[i] = static_cast<std::uint32_t>(bytes[i]) |
                       static_cast<std::uint32_t>(bytes[i + count]) << 8 |
                       static_cast<std::uint32_t>(bytes[i + 2 * count]) << 16 |
                       static_cast<std::uint32_t>(bytes[i + 3 * count]) << 24;
        return;
    }
    for (std::size_t plane = 0; plane < size; ++plane)
        for (std::size_t i = 0; i < count; ++i)
            values[i * size + plane] = planes[plane * count + i];
}

}  // namespace

SourceArray::SourceArray(int file, GDALMDArray &array)
    : m_file(file), m_elementSize(array.GetDataType().GetSize())
{
    for (const auto &dimension : array.GetDimensions())
        m_shape.push_back(dimension->GetSize());
    if (m_shape.size() < 2)
        throw std::runtime_error("an array needs two dimensions");
    const auto block = array.GetBlockSize();
    m_block.assign(block.begin(), block.end());
    findBlocks(array);
}

void SourceArray::findBlocks(GDALMDArray &array)
{
    const bool chunked = std::ranges::find(m_block, 0U) == m_block.end();
    mdimappend::ChunkBox grid;
    for (std::size_t i = 0; i < m_shape.size(); ++i)
    {
        grid.low.push_back(0);
        grid.high.push_back(
            chunked ? mdimappend::ceilDivide(m_shape[i], m_block[i]) : 1);
    }
    for (std::uint64_t number = 0; number < grid.count(); ++number)
    {
        const auto at = grid.at(number);
        GDALMDArrayRawBlockInfo found;
        if (!array.GetRawBlockInfo(at.data(), found) || !found.pszFilename ||
            found.nSize == 0)
            throw std::runtime_error("where a block lies is not known");
        for (CSLConstList word = found.papszInfo; word && *word; ++word)
        {
            if (EQUAL(*word, "COMPRESSION=DEFLATE"))
                m_deflated = true;
            else if (EQUAL(*word, "FILTER=SHUFFLE"))
                m_shuffled = true;
            else if (!EQUAL(*word, "ENDIANNESS=LITTLE"))
                throw std::runtime_error(std::string("not read here: ") +
                                         *word);
        }
        if (!chunked)
        {
            m_offset = found.nOffset;
            return;
        }
        Block block;
        for (std::size_t i = 0; i < at.size(); ++i)
            block.origin.push_back(at[i] * m_block[i]);
        block.offset = found.nOffset;
        block.size = found.nSize;
        m_blocks.push_back(std::move(block));
    }
}

void SourceArray::readPlain(std::uint64_t low, std::uint64_t high,
                            char *band) const
{
    const auto row = product(m_shape) / m_shape[0] / m_shape[1] * m_elementSize;
    const auto size = static_cast<std::size_t>((high - low) * row);
    for (std::uint64_t first = 0; first < m_shape[0]; ++first, band += size)
        readAt(m_file, m_offset + (first * m_shape[1] + low) * row, band, size);
}

void SourceArray::decode(const Block &block, char *values,
                         Scratch &scratch) const
{
    const auto count = static_cast<std::size_t>(product(m_block));
    const std::size_t size = count * m_elementSize;
    scratch.raw.resize(block.size);
    scratch.shuffled.resize(size);
    char *const inflated = m_shuffled ? scratch.shuffled.data() : values;
    if (m_deflated)
    {
        static const CPLCompressor *const zlib = CPLGetDecompressor("zlib");
        readAt(m_file, block.offset, scratch.raw.data(), block.size);
        void *output = inflated;
        std::size_t outputSize = size;
        if (!zlib->pfnFunc(scratch.raw.data(), block.size, &output, &outputSize,
                           nullptr, zlib->user_data) ||
            outputSize != size)
            throw std::runtime_error("a block cannot be inflated");
    }
    else
    {
        readAt(m_file, block.offset, inflated, size);
    }
    if (m_shuffled)
        unshuffle(inflated, values, count, m_elementSize);
}

void SourceArray::readBand(std::uint64_t low, std::uint64_t high, char *band,
                           Scratch &scratch) const
{
    if (m_blocks.empty())
    {
        readPlain(low, high, band);
        return;
    }
    Shape bandShape = m_shape;
    bandShape[1] = high - low;
    for (const auto &block : m_blocks)
    {
        Shape from(m_shape.size(), 0);
        Shape to = block.origin;
        Shape extent = m_block;
        for (std::size_t i = 0; i < extent.size(); ++i)
            extent[i] = std::min(extent[i], m_shape[i] - block.origin[i]);
        const auto first = std::max(block.origin[1], low);
        const auto last = std::min(block.origin[1] + extent[1], high);
        if (first >= last)
            continue;
        if (m_block == bandShape)
        {
            decode(block, band, scratch);
            return;
        }
        scratch.block.resize(
            static_cast<std::size_t>(product(m_block) * m_elementSize));
        decode(block, scratch.block.data(), scratch);
        from[1] = first - block.origin[1];
        to[1] = first - low;
        extent[1] = last - first;
        mdimappend::copyBox(scratch.block.data(), m_block, from, band,
                            bandShape, to, extent, m_elementSize);
    }
}

Source::Source(const std::string &path, const std::vector<std::string> &names)
{
    const char *const drivers[] = {"netCDF", nullptr};
    const std::unique_ptr<GDALDataset> dataset(GDALDataset::Open(
        path.c_str(), GDAL_OF_MULTIDIM_RASTER | GDAL_OF_VERBOSE_ERROR,
        drivers));
    m_file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (!dataset || m_file < 0)
        throw std::runtime_error(path + " cannot be opened");
    for (const auto &name : names)
    {
        const auto array = dataset->GetRootGroup()->OpenMDArray(name);
        if (!array)
            throw std::runtime_error(path + " has no array " + name);
        arrays.emplace_back(m_file, *array);
    }
}

Source::~Source()
{
    if (m_file >= 0)
        ::close(m_file);
}

}  // namespace roof
