// Makes the document that the private view serves to GDAL's Zarr driver.
//
// Only what decides how chunks are named and encoded is in it. The fill value
// is spelled as the driver reads it, which is not always as the format says.

#include "zarr/array_document.h"
#include "zarr/base64.h"
#include "zarr/data_type.h"
#include "zarr/fill_value.h"
#include "zarr/filters_v2.h"

#include <array>
#include <charconv>
#include <limits>

namespace mdimappend
{

namespace
{

Json withNamedNumbers(const Json &fill)
{
    if (fill.is_number_float())
        return fillNumber(fill.get<double>());
    if (!fill.is_array())
        return fill;
    Json named = Json::array();
    for (const Json &component : fill)
        named.push_back(withNamedNumbers(component));
    return named;
}

/// The driver reads base64 for every V2 string, the format only for bytes; and
/// plain text for every V3 string, the format base64 for bytes.
/// In shards it copies a string's fill value from beyond its buffer (GDAL
/// 3.13), but not where there is none, which means "" (parseArrayV3 refuses any
/// other).
Json stringFill(const ArrayDocument &array, const Json &fill)
{
    if (array.sharded)
        return nullptr;
    if (!fill.is_string())
        return array.format == ZarrFormat::V2 ? fill : Json("");
    const std::string text = fill.get<std::string>();
    const bool isBytes = array.dataType.kind == DataType::Kind::FixedBytes;
    if (array.format == ZarrFormat::V2)
        return isBytes ? fill : Json(base64Encode(text));
    return isBytes ? Json(base64Decode(text).value_or(std::string())) : fill;
}

/// The driver reads a complex V2 fill value as a real number only, and NaN and
/// infinities of complex numbers and float16 as bare tokens only, which the
/// format does not have. A fill value with an imaginary part becomes undefined.
Json numericFillV2(const DataType &type, const Json &fill)
{
    if (!isComplex(type) && type.gdal != GDT_Float16)
        return fill;
    const bool isReal = fill.is_array() && fill.size() == 2 && fill[1] == 0;
    if (fill.is_array() && !isReal)
        return nullptr;
    const Json &number = isReal ? fill[0] : fill;
    if (!number.is_string())
        return number;
    // Base64 and other texts are refused where the fill value is used.
    auto bare = parseJson(number.get<std::string>());
    return bare && bare->is_number() ? *bare : Json(nullptr);
}

/// The driver clamps numbers beyond int64, and reads them exactly as decimal
/// text (V2) or as bits (V3).
Json largeUnsignedFill(ZarrFormat format, std::uint64_t fill)
{
    if (format == ZarrFormat::V2)
        return std::to_string(fill);
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), fill, 16).ptr;
    return "0x" + std::string(digits.begin(), end);
}

Json driverFill(const ArrayDocument &array, const Json &fill)
{
    if (array.dataType.isString())
        return stringFill(array, fill);
    if (fill.is_boolean())
        return fill.get<bool>() ? 1 : 0;
    if (fill.is_number_unsigned() && array.dataType.gdal == GDT_UInt64 &&
        fill.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
        return largeUnsignedFill(array.format, fill.get<std::uint64_t>());
    const Json named = withNamedNumbers(fill);
    return array.format == ZarrFormat::V2 ? numericFillV2(array.dataType, named)
                                          : named;
}

Json driverDataType(const ArrayDocument &array)
{
    const DataType &type = array.dataType;
    const bool isV2 = array.format == ZarrFormat::V2;
    if (type.kind == DataType::Kind::Bool)
        return isV2 ? "|u1" : "uint8";
    return isV2 ? member(array.metadata, "dtype") : dataTypeV3(type);
}

}  // namespace

std::string privateDocument(const ArrayDocument &array,
                            std::span<const std::uint64_t> shape,
                            const std::optional<Json> &fill)
{
    const Json sizes(std::vector<std::uint64_t>(shape.begin(), shape.end()));
    const Json fillValue = driverFill(array, fill ? *fill : array.fillValue);
    const auto original = [&array](std::string_view key) -> const Json &
    { return member(array.metadata, key); };
    if (array.format == ZarrFormat::V2)
        return dumpJson(Json{
            {"zarr_format", 2},
            {"shape", sizes},
            {"chunks", original("chunks")},
            {"dtype", driverDataType(array)},
            {"compressor", original("compressor")},
            {"fill_value", fillValue},
            {"order", original("order")},
            {"filters", driverFilters(original("filters"))},
            {"dimension_separator", std::string(1, array.keys.separator)}});
    return dumpJson(Json{{"zarr_format", 3},
                         {"node_type", "array"},
                         {"shape", sizes},
                         {"data_type", driverDataType(array)},
                         {"chunk_grid", original("chunk_grid")},
                         {"chunk_key_encoding", original("chunk_key_encoding")},
                         {"fill_value", fillValue},
                         {"codecs", original("codecs")}});
}

}  // namespace mdimappend
