// Parses the documents of one array, and refuses by name what GDAL's driver
// would misread or could not write.

#include "zarr/array_document.h"

#include "zarr/array_shape.h"
#include "zarr/codecs.h"
#include "zarr/data_type.h"
#include "zarr/document_key.h"
#include "zarr/filters_v2.h"

#include <algorithm>
#include <cmath>

namespace mdimappend
{

namespace
{

std::string inArray(const std::string &path, std::string_view document)
{
    return "array '" + path + "' (" + std::string(document) + ")";
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
    MDIMAPPEND_ASSIGN(array.shape,
                      positiveSizes(member(metadata, "shape"), "shape"));
    MDIMAPPEND_ASSIGN(array.chunk,
                      positiveSizes(member(metadata, "chunks"), "chunks"));
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
        array.chunk,
        positiveSizes(member(member(grid, "configuration"), "chunk_shape"),
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
                          positiveSizes(member(*sharding, "chunk_shape"),
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
    MDIMAPPEND_ASSIGN(array.shape,
                      positiveSizes(member(metadata, "shape"), "shape"));
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

/// All that is said by .zarray (V2) or zarr.json (V3).
Status parseMetadata(ArrayDocument &array, std::string_view text)
{
    const bool isV2 = array.format == ZarrFormat::V2;
    const auto parse = [&]() -> Status
    {
        MDIMAPPEND_ASSIGN(array.metadata, parseObject(text));
        return isV2 ? parseMetadataV2(array) : parseMetadataV3(array);
    };
    return parse().prefixed(
        inArray(array.path, isV2 ? ".zarray" : "zarr.json"));
}

}  // namespace

Result<ArrayDocument> parseArrayV2(const std::string &path,
                                   std::string_view zarray,
                                   std::string_view zattrs)
{
    ArrayDocument array;
    array.format = ZarrFormat::V2;
    array.path = path;
    MDIMAPPEND_RETURN_IF_ERROR(parseMetadata(array, zarray));
    const auto parseAttributes = [&]() -> Status
    {
        if (!zattrs.empty())
        {
            MDIMAPPEND_ASSIGN(array.attributes, parseObject(zattrs));
        }
        MDIMAPPEND_ASSIGN(
            array.dimensions,
            dimensionNames(member(array.attributes, "_ARRAY_DIMENSIONS"),
                           "_ARRAY_DIMENSIONS", array.rank()));
        return Status::ok();
    };
    MDIMAPPEND_RETURN_IF_ERROR(
        parseAttributes().prefixed(inArray(path, ".zattrs")));
    return array;
}

Result<ArrayDocument> parseArrayV3(const std::string &path,
                                   std::string_view zarrJson)
{
    ArrayDocument array;
    array.path = path;
    MDIMAPPEND_RETURN_IF_ERROR(parseMetadata(array, zarrJson));
    return array;
}

Result<ArrayDocument>
parseArray(ZarrFormat format, const std::string &path,
           const std::map<std::string, std::string> &documents)
{
    const auto text = [&](const char *name) -> std::string_view
    {
        const auto found = documents.find(documentKey(path, name));
        return found == documents.end() ? std::string_view() : found->second;
    };
    return format == ZarrFormat::V2
               ? parseArrayV2(path, text(".zarray"), text(".zattrs"))
               : parseArrayV3(path, text("zarr.json"));
}

}  // namespace mdimappend
