// Asks libhdf5 where the blocks of an array are in the file, and how they are
// encoded.

#include "slice/hdf5_blocks.h"

#include "slice/hdf5_file.h"

#include <cpl_compressor.h>

#include <algorithm>

namespace mdimappend
{

namespace
{

/// An index of more would take more memory than the blocks.
constexpr std::uint64_t mostBlocks = 1ULL << 20;

/// A block is decoded whole, also for a part of it.
constexpr std::uint64_t largestBlock = 64ULL << 20;

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
                blocks.m_filters.push_back(Hdf5Filter::Deflate);
            else if (filter == H5Z_FILTER_SHUFFLE)
                blocks.m_filters.push_back(Hdf5Filter::Shuffle);
            else if (filter == zstdFilter && CPLGetDecompressor("zstd"))
                blocks.m_filters.push_back(Hdf5Filter::Zstd);
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

}  // namespace mdimappend
