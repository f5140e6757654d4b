// Makes the documents of one new array, and refuses what readers would not
// understand.

#include "zarr/new_array.h"

#include "json/utf8.h"
#include "zarr/data_type.h"
#include "zarr/fill_value.h"
#include "zarr/filters_v2.h"
#include "zarr/new_codecs.h"
#include "zarr/number_element.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace mdimappend
{

namespace
{

DataType dataTypeOf(const NewArray &array)
{
    DataType type{array.kind, array.gdal, 0, {}};
    switch (array.kind)
    {
    case DataType::Kind::Numeric:
        type.size =
            static_cast<std::size_t>(GDALGetDataTypeSizeBytes(array.gdal));
        break;
    case DataType::Kind::Bool:
        type.gdal = GDT_UInt8;
        type.size = 1;
        break;
    case DataType::Kind::FixedBytes:
        type.size = array.stringLength;
        break;
    case DataType::Kind::FixedUnicode:
        type.size = 4 * array.stringLength;
        break;
    case DataType::Kind::VariableUnicode:
        break;
    }
    return type;
}

Status checkShape(const NewArray &array)
{
    const std::size_t rank = array.shape.size();
    const bool isSharded = !array.innerChunk.empty();
    if (array.chunk.size() != rank || array.dimensions.size() != rank ||
        (isSharded && array.innerChunk.size() != rank))
        return error("shape, chunk and dimensions differ in rank");
    if (std::ranges::count(array.shape, 0U) ||
        std::ranges::count(array.chunk, 0U) ||
        std::ranges::count(array.innerChunk, 0U))
        return error("a size of 0 in its shape or chunk");
    for (std::size_t i = 0; isSharded && i < rank; ++i)
    {
        if (array.chunk[i] % array.innerChunk[i] != 0)
            return error("the inner chunk does not divide the shard");
    }
    for (const std::string &name : array.dimensions)
    {
        if (name.empty() || !isUtf8(name) ||
            std::ranges::count(array.dimensions, name) > 1)
            return error("the dimension name '" + name +
                         "' is empty, not UTF-8 or used twice");
    }
    return Status::ok();
}

Status checkType(const NewArray &array, const DataType &type)
{
    const bool isFixed = type.kind == DataType::Kind::FixedBytes ||
                         type.kind == DataType::Kind::FixedUnicode;
    if (isFixed && (type.size == 0 || type.size > std::size_t{10} << 20))
        return error("strings of " + std::to_string(array.stringLength) +
                     " characters: expected 1 to 10 MiB");
    if (!array.missingValue)
        return Status::ok();
    if (type.isString())
        return error("a missing value of strings: xarray reads none");
    if (array.missingValue->size() != type.size)
        return error("a missing value of " +
                     std::to_string(array.missingValue->size()) +
                     " bytes, the data type has " + std::to_string(type.size));
    return Status::ok();
}

bool hasOnlyUtf8(const Json &value)
{
    if (value.is_string())
        return isUtf8(value.get_ref<const std::string &>());
    if (!value.is_structured())
        return true;
    for (const auto &[key, element] : value.items())
    {
        if (!isUtf8(key) || !hasOnlyUtf8(element))
            return false;
    }
    return true;
}

Status checkArrayAttributes(const Json &attributes)
{
    for (const char *reserved : {"_FillValue", "_ARRAY_DIMENSIONS"})
    {
        if (attributes.is_object() && attributes.contains(reserved))
            return error("the attribute '" + std::string(reserved) +
                         "' is made from the missing value or the dimensions, "
                         "not given");
    }
    return checkAttributes(attributes);
}

/// Without a missing value, a padding that is unlikely to be data: GDAL takes a
/// V3 fill value for nodata, whatever it is, and zarr-python does not open an
/// array without one. 0 is black, false and the first class; the largest
/// unsigned number is what is saturated. One less is rarely anything.
std::string unlikelyValue(const DataType &type)
{
    std::string element(type.size, '\0');
    if (type.kind != DataType::Kind::Numeric || isComplex(type))
        return element;
    const bool isUnsigned = type.gdal == GDT_UInt8 || type.gdal == GDT_UInt16 ||
                            type.gdal == GDT_UInt32 || type.gdal == GDT_UInt64;
    if (isFloating(type))
        return elementFromDouble(std::numeric_limits<double>::quiet_NaN(),
                                 type.gdal);
    if (isUnsigned)
    {
        // GDAL's driver reads no larger 64-bit fill value than that.
        const auto bits = static_cast<unsigned>(8 * type.size);
        const std::uint64_t padding =
            (bits == 64 ? INT64_MAX : (std::uint64_t{1} << bits) - 1) - 1;
        GDALCopyWords64(&padding, GDT_UInt64, 0, element.data(), type.gdal, 0,
                        1);
    }
    else
    {
        // Little endian: the lowest value has only its highest bit set.
        element.back() = '\x80';
        if constexpr (std::endian::native == std::endian::big)
            std::reverse(element.begin(), element.end());
    }
    return element;
}

/// What chunks that were never written hold.
Json paddingV3(const DataType &type, const NewArray &array)
{
    if (type.isString())
        return "";
    return fillJson(type, array.missingValue.value_or(unlikelyValue(type)));
}

/// The private document can hold no such fill value: the driver would read what
/// was never written as 0.
Status checkFillV2(const DataType &type, const Json &fill)
{
    if (fill.is_array() && fill[1] != 0)
        return error("a Zarr V2 array of " +
                     std::string(GDALGetDataTypeName(type.gdal)) +
                     " cannot have the missing value " + dumpJson(fill, -1) +
                     ", which GDAL's Zarr driver does not read: write Zarr V3, "
                     "or give a real one");
    return Status::ok();
}

Compression compressionOf(const NewArray &array)
{
    return {array.compressor, array.level, array.shuffle};
}

Result<NewArrayDocuments> documentsV2(const NewArray &array,
                                      const DataType &type)
{
    if (!array.innerChunk.empty())
        return error("shards need Zarr V3");
    MDIMAPPEND_ASSIGN(const Json dtype, dataTypeV2(type));
    MDIMAPPEND_ASSIGN(const Json compressor,
                      compressorV2(compressionOf(array), type));
    MDIMAPPEND_ASSIGN(
        const Json filters,
        newFiltersV2(array.filters, type, chunkBytes(array.chunk, type.size)));
    const char separator = array.separator ? array.separator : '.';
    const Json fill = array.missingValue ? fillJson(type, *array.missingValue)
                                         : Json(nullptr);
    MDIMAPPEND_RETURN_IF_ERROR(checkFillV2(type, fill));
    NewArrayDocuments documents;
    documents.metadata = {{"shape", array.shape},
                          {"chunks", array.chunk},
                          {"dtype", dtype},
                          {"fill_value", fill},
                          {"order", "C"},
                          {"filters", filters},
                          {"dimension_separator", std::string(1, separator)},
                          {"compressor", compressor},
                          {"zarr_format", 2}};
    documents.attributes = array.attributes;
    documents.attributes["_ARRAY_DIMENSIONS"] = array.dimensions;
    return documents;
}

Result<NewArrayDocuments> documentsV3(const NewArray &array,
                                      const DataType &type)
{
    const Json dataType = dataTypeV3(type);
    if (dataType.is_null())
        return error(std::string("Zarr V3 has no data type for GDAL's ") +
                     GDALGetDataTypeName(type.gdal));
    if (!array.filters.empty())
        return error("the filters " + dumpJson(array.filters, -1) +
                     " need Zarr V2");
    MDIMAPPEND_ASSIGN(Json codecs, codecsV3(compressionOf(array), type));
    if (!array.innerChunk.empty())
        codecs = shardedCodecsV3(array.innerChunk, codecs);
    const char separator = array.separator ? array.separator : '/';
    Json attributes = array.attributes;
    if (array.missingValue)
        attributes["_FillValue"] =
            missingValueAttribute(type, *array.missingValue);
    NewArrayDocuments documents;
    documents.metadata = {
        {"shape", array.shape},
        {"data_type", dataType},
        {"chunk_grid",
         {{"name", "regular"},
          {"configuration", {{"chunk_shape", array.chunk}}}}},
        {"chunk_key_encoding",
         {{"name", "default"},
          {"configuration", {{"separator", std::string(1, separator)}}}}},
        {"fill_value", paddingV3(type, array)},
        {"codecs", codecs},
        {"attributes", attributes},
        {"dimension_names", array.dimensions},
        {"zarr_format", 3},
        {"node_type", "array"},
        {"storage_transformers", Json::array()}};
    return documents;
}

}  // namespace

Status checkAttributes(const Json &attributes)
{
    if (!attributes.is_object())
        return error("its attributes are not an object");
    for (const auto &[key, value] : attributes.items())
    {
        if (!isUtf8(key) || !hasOnlyUtf8(value))
            return error("the attribute '" + key + "' is not UTF-8");
    }
    return Status::ok();
}

Result<NewArrayDocuments> newArrayDocuments(ZarrFormat format,
                                            const NewArray &array)
{
    const DataType type = dataTypeOf(array);
    const auto documents = [&]() -> Result<NewArrayDocuments>
    {
        if (array.separator && array.separator != '.' && array.separator != '/')
            return error("the dimension separator must be '.' or '/'");
        MDIMAPPEND_RETURN_IF_ERROR(checkShape(array));
        MDIMAPPEND_RETURN_IF_ERROR(checkType(array, type));
        MDIMAPPEND_RETURN_IF_ERROR(checkArrayAttributes(array.attributes));
        return format == ZarrFormat::V2 ? documentsV2(array, type)
                                        : documentsV3(array, type);
    };
    auto made = documents();
    if (made)
        return made;
    const Status why =
        made.takeStatus().prefixed("new array '" + array.path + "'");
    return why.kind() == Failure::Error ? refused(why.message()) : why;
}

}  // namespace mdimappend
