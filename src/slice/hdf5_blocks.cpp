// Finds the blocks of an HDF5 array with libhdf5, and reads and decodes them
// without it.

#include "slice/hdf5_blocks.h"

#include "slice/hdf5_file.h"

#include <cpl_compressor.h>
#include <cpl_conv.h>
#include <cpl_error.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace mdimappend
{

namespace
{

/// An index of more would take more memory than the blocks.
constexpr std::uint64_t mostBlocks = 1ULL << 20;

/// A block is decoded whole, also for a part of it.
constexpr std::uint64_t largestBlock = 64ULL << 20;

/// For shorter runs of contiguous values the library is as fast.
constexpr std::uint64_t shortestRun = 4096;

/// As libhdf5 registers it; zlib and shuffle have names of their own.
constexpr H5Z_filter_t zstdFilter = 32015;

hid_t nativeTypeOf(GDALDataType type)
{
    switch (type)
    {
    case GDT_Int8:
        return H5T_NATIVE_INT8;
    case GDT_UInt8:
        return H5T_NATIVE_UINT8;
    case GDT_Int16:
        return H5T_NATIVE_INT16;
    case GDT_UInt16:
        return H5T_NATIVE_UINT16;
    case GDT_Int32:
        return H5T_NATIVE_INT32;
    case GDT_UInt32:
        return H5T_NATIVE_UINT32;
    case GDT_Int64:
        return H5T_NATIVE_INT64;
    case GDT_UInt64:
        return H5T_NATIVE_UINT64;
    case GDT_Float32:
        return H5T_NATIVE_FLOAT;
    case GDT_Float64:
        return H5T_NATIVE_DOUBLE;
    default:
        return H5I_INVALID_HID;
    }
}

/// A variable that has the name of a dimension without being its coordinate:
/// netCDF gives it another, and an array of that name is not it.
bool isRenamedByNetcdf(hid_t file, const std::string &path)
{
    const auto slash = path.rfind('/') + 1;
    const auto hidden =
        path.substr(0, slash) + "_nc4_non_coord_" + path.substr(slash);
    return H5Lexists(file, hidden.c_str(), H5P_DEFAULT) != 0;
}

bool hasShape(hid_t dataset, const Extent &shape)
{
    const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
    const int rank = space ? H5Sget_simple_extent_ndims(space) : -1;
    if (rank < 1 || static_cast<std::size_t>(rank) != shape.size())
        return false;
    std::vector<hsize_t> extent(shape.size());
    return H5Sget_simple_extent_dims(space, extent.data(), nullptr) == rank &&
           std::ranges::equal(extent, shape);
}

/// HDF5's shuffle: the first bytes of all elements, then the second ones, ...;
/// what is left after whole elements is as it was.
template <class Word>
void unshuffle(const char *from, char *to, std::size_t count)
{
    const auto *bytes = reinterpret_cast<const unsigned char *>(from);
    for (std::size_t i = 0; i < count; ++i)
    {
        // Compilers make vector instructions of this form.
        Word word = 0;
        for (std::size_t byte = 0; byte < sizeof(Word); ++byte)
            word |= static_cast<Word>(bytes[byte * count + i]) << (8 * byte);
        std::memcpy(to + i * sizeof(Word), &word, sizeof(Word));
    }
}

void unshuffle(const char *from, char *to, std::size_t size,
               std::size_t elementSize)
{
    const auto count = size / elementSize;
    if (elementSize == 2)
        unshuffle<std::uint16_t>(from, to, count);
    else if (elementSize == 4)
        unshuffle<std::uint32_t>(from, to, count);
    else if (elementSize == 8)
        unshuffle<std::uint64_t>(from, to, count);
    else
        for (std::size_t i = 0; i < count * elementSize; ++i)
            to[i] = from[i % elementSize * count + i / elementSize];
    const auto whole = count * elementSize;
    std::memcpy(to + whole, from + whole, size - whole);
}

/// Whether all of `size` bytes came out.
bool decompress(Hdf5Blocks::Filter filter, const char *from,
                std::size_t fromSize, char *to, std::size_t size)
{
    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    std::size_t written = size;
    if (filter == Hdf5Blocks::Filter::Deflate)
        return CPLZLibInflate(from, fromSize, to, size, &written) != nullptr &&
               written == size;
    const CPLCompressor *zstd = CPLGetDecompressor("zstd");
    void *output = to;
    return zstd &&
           zstd->pfnFunc(from, fromSize, &output, &written, nullptr,
                         zstd->user_data) &&
           written == size;
}

}  // namespace

/// Fills in what libhdf5 says.
struct Hdf5Blocks::Survey
{
    Hdf5Blocks &blocks;

    bool make(hid_t dataset)
    {
        const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
        if (!creation)
            return false;
        const auto layout = H5Pget_layout(creation);
        if (layout == H5D_CONTIGUOUS)
            return findContiguous(dataset, creation);
        return layout == H5D_CHUNKED && findFilters(creation) &&
               findGrid(creation) && findPlaces(dataset);
    }

    bool findContiguous(hid_t dataset, hid_t creation)
    {
        const auto offset = H5Dget_offset(dataset);
        if (offset == HADDR_UNDEF || H5Pget_external_count(creation) != 0)
            return false;
        blocks.m_contiguous = offset;
        return true;
    }

    /// Blocks at the edge may have been through none, and do not say so.
    static bool filtersAllBlocks(hid_t creation)
    {
        unsigned options = 0;
        return H5Pget_chunk_opts(creation, &options) >= 0 && options == 0;
    }

    bool findFilters(hid_t creation)
    {
        if (!filtersAllBlocks(creation))
            return false;
        const int count = H5Pget_nfilters(creation);
        for (int i = 0; i < count; ++i)
        {
            unsigned flags = 0;
            std::size_t values = 0;
            const auto filter =
                H5Pget_filter2(creation, static_cast<unsigned>(i), &flags,
                               &values, nullptr, 0, nullptr, nullptr);
            if (filter == H5Z_FILTER_DEFLATE)
                blocks.m_filters.push_back(Filter::Deflate);
            else if (filter == H5Z_FILTER_SHUFFLE)
                blocks.m_filters.push_back(Filter::Shuffle);
            else if (filter == zstdFilter && CPLGetDecompressor("zstd"))
                blocks.m_filters.push_back(Filter::Zstd);
            else
                return false;
        }
        return count >= 0;
    }

    bool findGrid(hid_t creation)
    {
        const auto rank = blocks.m_shape.size();
        std::vector<hsize_t> block(rank);
        if (H5Pget_chunk(creation, static_cast<int>(rank), block.data()) !=
            static_cast<int>(rank))
            return false;
        blocks.m_block.assign(block.begin(), block.end());
        std::uint64_t count = 1;
        std::uint64_t bytes = blocks.m_elementSize;
        for (std::size_t i = 0; i < rank; ++i)
        {
            blocks.m_grid.push_back((blocks.m_shape[i] - 1) / block[i] + 1);
            if (__builtin_mul_overflow(count, blocks.m_grid[i], &count) ||
                __builtin_mul_overflow(bytes, block[i], &bytes))
                return false;
        }
        if (count > mostBlocks || bytes > largestBlock)
            return false;
        blocks.m_places.resize(static_cast<std::size_t>(count));
        return true;
    }

    bool findPlaces(hid_t dataset)
    {
        const auto note = [](const hsize_t *start, unsigned skipped,
                             haddr_t offset, hsize_t size, void *survey)
        {
            auto &found = static_cast<Survey *>(survey)->blocks;
            Extent index;
            for (std::size_t i = 0; i < found.m_block.size(); ++i)
            {
                index.push_back(start[i] / found.m_block[i]);
                if (index[i] >= found.m_grid[i])
                    return -1;
            }
            found.m_places[found.position(index)] = {offset, size, skipped};
            return 0;
        };
        return H5Dchunk_iter(dataset, H5P_DEFAULT, note, this) >= 0;
    }
};

std::shared_ptr<const Hdf5Blocks>
Hdf5Blocks::of(const std::string &file, const std::string &path,
               const Extent &shape, const GDALExtendedDataType &type)
{
    if (!isHdf5ThreadSafe() || type.GetClass() != GEDTC_NUMERIC ||
        file.starts_with("/vsi"))
        return nullptr;
    const QuietHdf5 quiet;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (kindOfHdf5(file, access) != Hdf5Kind::Hdf5)
        return nullptr;
    const Hdf5Handle opened = openHdf5(file, access);
    if (!opened || isRenamedByNetcdf(opened, path))
        return nullptr;
    const Hdf5Handle creation(H5Fget_create_plist(opened), H5Pclose);
    hsize_t userBlock = 0;
    if (!creation || H5Pget_userblock(creation, &userBlock) < 0 || userBlock)
        return nullptr;
    const Hdf5Handle dataset(H5Dopen2(opened, path.c_str(), H5P_DEFAULT),
                             H5Dclose);
    if (!dataset || !hasShape(dataset, shape))
        return nullptr;
    const Hdf5Handle stored(H5Dget_type(dataset), H5Tclose);
    const auto native = nativeTypeOf(type.GetNumericDataType());
    if (!stored || native < 0 || H5Tequal(stored, native) <= 0)
        return nullptr;
    auto blocks = std::make_shared<Hdf5Blocks>();
    blocks->m_file = file;
    blocks->m_shape = shape;
    blocks->m_elementSize = type.GetSize();
    return Survey{*blocks}.make(dataset) ? blocks : nullptr;
}

std::size_t Hdf5Blocks::position(const Extent &index) const
{
    std::size_t position = 0;
    for (std::size_t i = 0; i < index.size(); ++i)
        position = position * static_cast<std::size_t>(m_grid[i]) +
                   static_cast<std::size_t>(index[i]);
    return position;
}

Hdf5BlockReader::Hdf5BlockReader(std::shared_ptr<const Hdf5Blocks> blocks)
    : m_blocks(std::move(blocks)), m_file(VsiFile::open(m_blocks->file()))
{
}

bool Hdf5BlockReader::readAt(std::uint64_t offset, void *buffer,
                             std::size_t size)
{
    return m_file && m_file.readAt(offset, buffer, size);
}

bool Hdf5BlockReader::read(std::span<const std::uint64_t> from,
                           std::span<const std::uint64_t> extent, void *buffer)
{
    const Extent start(from.begin(), from.end());
    const Extent count(extent.begin(), extent.end());
    if (m_blocks->contiguous())
        return readContiguous(start, count, static_cast<char *>(buffer));
    const auto &block = m_blocks->block();
    const auto rank = start.size();
    Extent first(rank);
    Extent end(rank);
    for (std::size_t i = 0; i < rank; ++i)
    {
        first[i] = start[i] / block[i];
        end[i] = (start[i] + count[i] - 1) / block[i] + 1;
    }
    Extent index = first;
    if (m_blocks->isBlock(start, count) && m_index != index)
        return decode(index, static_cast<char *>(buffer));
    while (true)
    {
        if (!readBlock(index))
            return false;
        Extent inBlock(rank);
        Extent inBuffer(rank);
        Extent common(rank);
        for (std::size_t i = 0; i < rank; ++i)
        {
            const auto origin = index[i] * block[i];
            const auto low = std::max(origin, start[i]);
            inBlock[i] = low - origin;
            inBuffer[i] = low - start[i];
            common[i] = std::min(origin + block[i], start[i] + count[i]) - low;
        }
        copyBox(m_decoded.bytes(), block, inBlock, buffer, count, inBuffer,
                common, m_blocks->elementSize());
        std::size_t axis = rank;
        while (axis > 0 && ++index[axis - 1] == end[axis - 1])
        {
            --axis;
            index[axis] = first[axis];
        }
        if (axis == 0)
            return true;
    }
}

bool Hdf5BlockReader::readContiguous(const Extent &start, const Extent &count,
                                     char *buffer)
{
    const auto &shape = m_blocks->shape();
    // Trailing dimensions that are read whole make one run.
    std::size_t outer = shape.size() - 1;
    std::uint64_t run = count[outer] * m_blocks->elementSize();
    while (outer > 0 && count[outer] == shape[outer])
        run *= count[--outer];
    if (run < shortestRun)
        return false;
    Extent stride(shape.size(), m_blocks->elementSize());
    for (std::size_t i = shape.size() - 1; i > 0; --i)
        stride[i - 1] = stride[i] * shape[i];
    Extent index(outer, 0);
    while (true)
    {
        std::uint64_t offset = *m_blocks->contiguous();
        for (std::size_t i = 0; i < shape.size(); ++i)
            offset += (start[i] + (i < outer ? index[i] : 0)) * stride[i];
        if (!readAt(offset, buffer, static_cast<std::size_t>(run)))
            return false;
        buffer += run;
        std::size_t axis = outer;
        while (axis > 0 && ++index[axis - 1] == count[axis - 1])
            index[--axis] = 0;
        if (axis == 0)
            return true;
    }
}

bool Hdf5Blocks::isBlock(const Extent &start, const Extent &count) const
{
    for (std::size_t i = 0; i < start.size(); ++i)
    {
        if (start[i] % m_block[i] != 0)
            return false;
    }
    return count == m_block;
}

std::size_t Hdf5Blocks::blockBytes() const
{
    return static_cast<std::size_t>(elementCount(m_block)) * m_elementSize;
}

char *Hdf5BlockReader::Room::room(std::size_t size)
{
    if (size > m_size)
    {
        m_bytes = std::make_unique_for_overwrite<char[]>(size);
        m_size = size;
    }
    return m_bytes.get();
}

/// Leaves it in m_decoded, where it stays for the next box that has a part of
/// it.
bool Hdf5BlockReader::readBlock(const Extent &index)
{
    if (m_index == index)
        return true;
    m_index.clear();
    if (!decode(index, m_decoded.room(m_blocks->blockBytes())))
        return false;
    m_index = index;
    return true;
}

bool Hdf5BlockReader::decode(const Extent &index, char *block)
{
    const auto &place = m_blocks->place(index);
    const auto size = m_blocks->blockBytes();
    // No filter makes twice as much of it.
    if (place.offset == Hdf5Blocks::absent || place.size > 2 * size + 4096)
        return false;
    std::vector<Hdf5Blocks::Filter> steps;
    const auto &filters = m_blocks->filters();
    for (std::size_t i = filters.size(); i-- > 0;)
    {
        if (!(place.skippedFilters >> i & 1))
            steps.push_back(filters[i]);
    }
    auto held = static_cast<std::size_t>(place.size);
    if (steps.empty())
        return held == size && readAt(place.offset, block, size);
    char *from = m_scratch[0].room(held);
    if (!readAt(place.offset, from, held))
        return false;
    for (std::size_t i = 0; i < steps.size(); ++i)
    {
        const bool isLast = i + 1 == steps.size();
        char *to = isLast ? block : m_scratch[(i + 1) % 2].room(size);
        if (steps[i] != Hdf5Blocks::Filter::Shuffle)
        {
            if (!decompress(steps[i], from, held, to, size))
                return false;
            held = size;
        }
        else if (held == size)
        {
            unshuffle(from, to, size, m_blocks->elementSize());
        }
        else
        {
            return false;
        }
        from = to;
    }
    return true;
}

}  // namespace mdimappend
