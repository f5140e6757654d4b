// Parses the documents of one array, and refuses by name what GDAL's driver
// would misread or could not write.

#include "zarr/array_document.h"

#include "zarr/codecs.h"
#include "zarr/data_type.h"
#include "zarr/filters_v2.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mdimappend
{

namespace
{

constexpr std::size_t maximumRank = 32;
constexpr std::uint64_t maximumChunkBytes = std::uint64_t{1} << 31;
/// What GDAL's driver reserves for a V3 string.
constexpr std::uint64_t variableStringBytes = 256;

std::string inArray(const std::string &path, std::string_view document)
{
    return "array '" + path + "' (" + std::string(document) + ")";
}

std::string list(const std::vector<std::uint64_t> &sizes)
{
    std::string text = "[";
    for (const std::uint64_t size : sizes)
        text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

/// Positive integers; `what` names them in messages.
Result<std::vector<std::uint64_t>> sizes(const Json &json,
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

Result<Json> parseObject(std::string_view text)
{
    MDIMAPPEND_ASSIGN(Json json, parseJson(text));
    if (!json.is_object())
        return error("not a JSON object");
    return json;
}

Result<char> separator(const Json &json, char otherwise)
{
    if (json.is_null())
        return otherwise;
    if (json == "." || json == "/")
        return json.get_ref<const std::string &>()[0];
    return error("the dimension separator is " + dumpJson(json, -1) +
                 ": expected '.' or '/'");
}

Status checkFilters(const ArrayDocument &array)
{
    const Json &filters = member(array.metadata, "filters");
    MDIMAPPEND_RETURN_IF_ERROR(
        checkFiltersV2(filters, chunkBytes(array.chunk, array.dataType.size)));
    const Json &fill = array.fillValue;
    const bool isFinite =
        !fill.is_string() &&
        (!fill.is_number_float() || std::isfinite(fill.get<double>()));
    // Values that are not there yet are padded with it.
    if (hasFloatDelta(filters) && !isFinite)
        return error("the filter 'delta' of floating-point numbers and the "
                     "fill value " +
                     dumpJson(fill, -1) + " spoil what is stored after one");
    return Status::ok();
}

Status parseMetadataV2(ArrayDocument &array)
{
    const Json &metadata = array.metadata;
    if (member(metadata, "zarr_format") != 2)
        return error("'zarr_format' is not 2");
    MDIMAPPEND_ASSIGN(array.shape, sizes(member(metadata, "shape"), "shape"));
    MDIMAPPEND_ASSIGN(array.chunk, sizes(member(metadata, "chunks"), "chunks"));
    array.innerChunk = array.chunk;
    MDIMAPPEND_ASSIGN(array.dataType,
                      parseDataTypeV2(member(metadata, "dtype")));
    MDIMAPPEND_RETURN_IF_ERROR(checkSizes(array));
    const Json &order = member(metadata, "order");
    if (order != "C" && order != "F")
        return error("'order' is " + dumpJson(order, -1) +
                     ": expected \"C\" or \"F\"");
    array.fillValue = member(metadata, "fill_value");
    MDIMAPPEND_RETURN_IF_ERROR(
        checkCompressorV2(member(metadata, "compressor")));
    MDIMAPPEND_RETURN_IF_ERROR(checkFilters(array));
    array.keys.style = ChunkKeys::Style::V2;
    MDIMAPPEND_ASSIGN(array.keys.separator,
                      separator(member(metadata, "dimension_separator"), '.'));
    return Status::ok();
}

Status parseChunkKeysV3(ArrayDocument &array)
{
    const Json &encoding = member(array.metadata, "chunk_key_encoding");
    const Json &name =
        encoding.is_string() ? encoding : member(encoding, "name");
    if (name == "default")
        array.keys = {ChunkKeys::Style::Default, '/'};
    else if (name == "v2")
        array.keys = {ChunkKeys::Style::V2, '.'};
    else
        return error("'chunk_key_encoding' is " + dumpJson(encoding, -1) +
                     ": expected default or v2");
    const Json &given = member(member(encoding, "configuration"), "separator");
    MDIMAPPEND_ASSIGN(array.keys.separator,
                      separator(given, array.keys.separator));
    return Status::ok();
}

Status parseChunkGridV3(ArrayDocument &array)
{
    const Json &grid = member(array.metadata, "chunk_grid");
    if (member(grid, "name") != "regular")
        return error("'chunk_grid' is " + dumpJson(grid, -1) +
                     ": only the regular chunk grid is supported");
    MDIMAPPEND_ASSIGN(
        array.chunk, sizes(member(member(grid, "configuration"), "chunk_shape"),
                           "chunk_shape"));
    return Status::ok();
}

Status parseCodecsV3(ArrayDocument &array)
{
    const Json &codecs = member(array.metadata, "codecs");
    MDIMAPPEND_ASSIGN(const Json *sharding,
                      checkCodecsV3(codecs, array.dataType));
    array.sharded = sharding != nullptr;
    array.innerChunk = array.chunk;
    if (sharding)
    {
        MDIMAPPEND_ASSIGN(array.innerChunk,
                          sizes(member(*sharding, "chunk_shape"),
                                "sharding_indexed chunk_shape"));
    }
    return Status::ok();
}

/// The specification: a reader that does not know a member must fail, unless
/// the member says otherwise.
Status checkMembersV3(const Json &metadata)
{
    static constexpr std::string_view known[] = {
        "zarr_format",    "node_type",
        "shape",          "data_type",
        "chunk_grid",     "chunk_key_encoding",
        "fill_value",     "codecs",
        "attributes",     "storage_transformers",
        "dimension_names"};
    for (const auto &[key, value] : metadata.items())
    {
        if (std::ranges::find(known, key) == std::end(known) &&
            member(value, "must_understand") != false)
            return error("the member '" + key +
                         "' is unknown, and it must be understood");
    }
    const Json &transformers = member(metadata, "storage_transformers");
    if (!transformers.is_null() && !transformers.empty())
        return error("'storage_transformers' are not supported by GDAL's Zarr "
                     "driver");
    return Status::ok();
}

/// privateDocument says why.
Status checkFillV3(const ArrayDocument &array)
{
    if (array.sharded && array.dataType.isString() &&
        !array.fillValue.is_null() && array.fillValue != "")
        return error("GDAL's Zarr driver does not write shards of strings with "
                     "the fill value " +
                     dumpJson(array.fillValue, -1) + ": only \"\" works");
    return Status::ok();
}

Status parseMetadataV3(ArrayDocument &array)
{
    const Json &metadata = array.metadata;
    if (member(metadata, "zarr_format") != 3)
        return error("'zarr_format' is not 3");
    if (member(metadata, "node_type") != "array")
        return error("'node_type' is not array");
    MDIMAPPEND_RETURN_IF_ERROR(checkMembersV3(metadata));
    MDIMAPPEND_ASSIGN(array.shape, sizes(member(metadata, "shape"), "shape"));
    MDIMAPPEND_ASSIGN(array.dataType,
                      parseDataTypeV3(member(metadata, "data_type")));
    MDIMAPPEND_RETURN_IF_ERROR(parseChunkGridV3(array));
    MDIMAPPEND_RETURN_IF_ERROR(parseCodecsV3(array));
    MDIMAPPEND_RETURN_IF_ERROR(checkSizes(array));
    MDIMAPPEND_RETURN_IF_ERROR(parseChunkKeysV3(array));
    array.fillValue = member(metadata, "fill_value");
    MDIMAPPEND_RETURN_IF_ERROR(checkFillV3(array));
    const Json &attributes = member(metadata, "attributes");
    if (!attributes.is_null())
        array.attributes = attributes;
    if (!array.attributes.is_object())
        return error("'attributes' is not an object");
    MDIMAPPEND_ASSIGN(array.dimensions,
                      dimensionNames(member(metadata, "dimension_names"),
                                     "dimension_names", array.rank()));
    return Status::ok();
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

Result<ArrayDocument> parseArrayV2(const std::string &path,
                                   std::string_view zarray,
                                   std::string_view zattrs)
{
    ArrayDocument array;
    array.format = ZarrFormat::V2;
    array.path = path;
    auto metadata = parseObject(zarray);
    if (!metadata)
        return metadata.takeStatus().prefixed(inArray(path, ".zarray"));
    array.metadata = std::move(*metadata);
    if (Status status = parseMetadataV2(array); !status)
        return std::move(status).prefixed(inArray(path, ".zarray"));
    if (!zattrs.empty())
    {
        auto attributes = parseObject(zattrs);
        if (!attributes)
            return attributes.takeStatus().prefixed(inArray(path, ".zattrs"));
        array.attributes = std::move(*attributes);
    }
    auto dimensions =
        dimensionNames(member(array.attributes, "_ARRAY_DIMENSIONS"),
                       "_ARRAY_DIMENSIONS", array.rank());
    if (!dimensions)
        return dimensions.takeStatus().prefixed(inArray(path, ".zattrs"));
    array.dimensions = std::move(*dimensions);
    return array;
}

Result<ArrayDocument> parseArrayV3(const std::string &path,
                                   std::string_view zarrJson)
{
    ArrayDocument array;
    array.path = path;
    auto metadata = parseObject(zarrJson);
    if (!metadata)
        return metadata.takeStatus().prefixed(inArray(path, "zarr.json"));
    array.metadata = std::move(*metadata);
    if (Status status = parseMetadataV3(array); !status)
        return std::move(status).prefixed(inArray(path, "zarr.json"));
    return array;
}

}  // namespace mdimappend
