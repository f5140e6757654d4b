// Reads the sizes and names of an array's dimensions, and refuses shapes and
// chunks that GDAL's driver does not open.

#include "zarr/array_shape.h"

#include <algorithm>
#include <limits>

namespace mdimappend
{

namespace
{

constexpr std::size_t maximumRank = 32;
constexpr std::uint64_t maximumChunkBytes = std::uint64_t{1} << 31;
/// What GDAL's driver reserves for a V3 string.
constexpr std::uint64_t variableStringBytes = 256;

std::string list(const std::vector<std::uint64_t> &sizes)
{
    std::string text = "[";
    for (const std::uint64_t size : sizes)
        text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

/// Whether the product, times `factor`, stays at or below `limit`.
bool productFits(const std::vector<std::uint64_t> &sizes, std::uint64_t factor,
                 std::uint64_t limit)
{
    std::uint64_t product = factor;
    for (const std::uint64_t size : sizes)
    {
        if (product > limit / size)
            return false;
        product *= size;
    }
    return product <= limit;
}

}  // namespace

std::uint64_t chunkBytes(const std::vector<std::uint64_t> &chunk,
                         std::size_t elementSize)
{
    std::uint64_t bytes = elementSize;
    for (const std::uint64_t size : chunk)
        bytes *= size;
    return bytes;
}

Result<std::vector<std::uint64_t>> positiveSizes(const Json &json,
                                                 const std::string &what)
{
    if (!json.is_array())
        return error("'" + what + "' is missing or not a list");
    if (json.size() > maximumRank)
        return error("'" + what + "' has more than 32 dimensions");
    std::vector<std::uint64_t> values;
    for (const Json &size : json)
    {
        const bool isPositive =
            size.is_number_integer() &&
            (size.is_number_unsigned() || size.get<std::int64_t>() > 0) &&
            size.get<std::uint64_t>() > 0;
        if (!isPositive)
            return error("'" + what + "' is " + dumpJson(json, -1) +
                         ": GDAL's Zarr driver opens no array with a size "
                         "that is not a positive integer");
        values.push_back(size.get<std::uint64_t>());
    }
    return values;
}

Status checkSizes(const ArrayDocument &array)
{
    if (array.chunk.size() != array.rank())
        return error("the shape " + list(array.shape) + " and the chunk " +
                     list(array.chunk) + " differ in rank");
    constexpr auto maximumElements =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!productFits(array.shape, 1, maximumElements))
        return error("the shape " + list(array.shape) +
                     " has 2^63 elements or more");
    const std::uint64_t size =
        array.dataType.size ? array.dataType.size : variableStringBytes;
    if (!productFits(array.chunk, size, maximumChunkBytes))
        return error("a chunk of " + list(array.chunk) + " elements of " +
                     std::to_string(size) + " bytes exceeds 2^31 bytes");
    if (!array.sharded)
        return Status::ok();
    if (array.innerChunk.size() != array.rank())
        return error("the inner chunk " + list(array.innerChunk) +
                     " and the shape " + list(array.shape) + " differ in rank");
    for (std::size_t i = 0; i < array.rank(); ++i)
    {
        if (array.chunk[i] % array.innerChunk[i] != 0)
            return error("the inner chunk " + list(array.innerChunk) +
                         " does not divide the shard " + list(array.chunk));
    }
    return Status::ok();
}

Result<std::vector<std::string>>
dimensionNames(const Json &names, const std::string &what, std::size_t rank)
{
    std::vector<std::string> dimensions;
    if (names.is_null())
        return dimensions;
    const Status wrong =
        error("'" + what + "' is " + dumpJson(names, -1) + ": expected " +
              std::to_string(rank) + " different names");
    if (!names.is_array() || names.size() != rank)
        return wrong;
    for (const Json &name : names)
    {
        if (!name.is_string() && !name.is_null())
            return wrong;
        std::string text = name.is_null() ? "" : name.get<std::string>();
        if (!text.empty() && std::ranges::count(dimensions, text) > 0)
            return wrong;
        dimensions.push_back(std::move(text));
    }
    return dimensions;
}

}  // namespace mdimappend
