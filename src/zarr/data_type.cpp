// Reads and spells element types in the words of Zarr V2 and V3.

#include "zarr/data_type.h"

#include <array>
#include <charconv>

namespace mdimappend
{

namespace
{

struct NumericType
{
    GDALDataType gdal;
    std::size_t size;
    std::string_view v2;  ///< without the byte order
    std::string_view v3;
};

constexpr std::array<NumericType, 13> numericTypes{{
    {GDT_Int8, 1, "i1", "int8"},
    {GDT_UInt8, 1, "u1", "uint8"},
    {GDT_Int16, 2, "i2", "int16"},
    {GDT_UInt16, 2, "u2", "uint16"},
    {GDT_Int32, 4, "i4", "int32"},
    {GDT_UInt32, 4, "u4", "uint32"},
    {GDT_Int64, 8, "i8", "int64"},
    {GDT_UInt64, 8, "u8", "uint64"},
    {GDT_Float16, 2, "f2", "float16"},
    {GDT_Float32, 4, "f4", "float32"},
    {GDT_Float64, 8, "f8", "float64"},
    {GDT_CFloat32, 8, "c8", "complex64"},
    {GDT_CFloat64, 16, "c16", "complex128"},
}};

const NumericType *numericType(GDALDataType gdal)
{
    for (const NumericType &type : numericTypes)
    {
        if (type.gdal == gdal)
            return &type;
    }
    return nullptr;
}

/// Longer strings than this are not opened by GDAL's driver.
constexpr std::size_t longestString = std::size_t{10} << 20;

Status cannotWrite(const std::string &name, std::string_view reason)
{
    return error("the data type " + name +
                 " cannot be written by GDAL's Zarr driver (" +
                 std::string(reason) + ")");
}

Result<DataType> fixedString(DataType::Kind kind, std::size_t size,
                             const std::string &name)
{
    if (size == 0 || size > longestString)
        return cannotWrite(name, "strings must have 1 to 10485760 bytes");
    return DataType{kind, GDT_Unknown, size, name};
}

std::string unwritableV2(char kind)
{
    switch (kind)
    {
    case 'O':
        return "objects of variable length; write fixed-length strings, "
               "or a Zarr V3 store";
    case 'M':
    case 'm':
        return "NumPy times; encode time as numbers with the attribute "
               "'units', as xarray does";
    case 'V':
        return "raw bytes";
    default:
        return "unknown";
    }
}

}  // namespace

bool isComplex(const DataType &type)
{
    return type.gdal == GDT_CFloat32 || type.gdal == GDT_CFloat64;
}

bool isFloating(const DataType &type)
{
    return type.gdal == GDT_Float16 || type.gdal == GDT_Float32 ||
           type.gdal == GDT_Float64;
}

Result<DataType> parseDataTypeV2(const Json &dtype)
{
    if (dtype.is_array())
        return cannotWrite(dumpJson(dtype, -1), "a structured type");
    if (!dtype.is_string())
        return error("'dtype' is missing or not a string");
    const std::string name = dtype.get<std::string>();
    const std::string quoted = "'" + name + "'";
    if (name.size() < 2 ||
        std::string_view("<>|").find(name[0]) == std::string_view::npos)
        return cannotWrite(quoted, "unknown");
    const std::string_view code = std::string_view(name).substr(1);

    if (code == "b1")
        return DataType{DataType::Kind::Bool, GDT_UInt8, 1, name};
    for (const NumericType &type : numericTypes)
    {
        if (type.v2 != code)
            continue;
        if (type.size > 1 && name[0] == '|')
            return error("the data type " + quoted + " names no byte order");
        return DataType{DataType::Kind::Numeric, type.gdal, type.size, name};
    }
    if (code[0] == 'S' || code[0] == 'U')
    {
        std::uint32_t length = 0;
        const auto [end, failure] =
            std::from_chars(code.data() + 1, code.data() + code.size(), length);
        if (failure != std::errc() || end != code.data() + code.size())
            return cannotWrite(quoted, "unknown");
        return code[0] == 'S'
                   ? fixedString(DataType::Kind::FixedBytes, length, name)
                   : fixedString(DataType::Kind::FixedUnicode,
                                 std::size_t{4} * length, name);
    }
    return cannotWrite(quoted, unwritableV2(code[0]));
}

namespace
{

std::string nameOf(const Json &extension)
{
    if (extension.is_string())
        return extension.get<std::string>();
    if (extension.is_object() && extension.contains("name") &&
        extension["name"].is_string())
        return extension["name"].get<std::string>();
    return {};
}

std::size_t lengthInBytes(const Json &dataType)
{
    if (!dataType.is_object() || !dataType.contains("configuration"))
        return 0;
    const Json &configuration = dataType["configuration"];
    if (!configuration.is_object() || !configuration.contains("length_bytes") ||
        !configuration["length_bytes"].is_number_integer())
        return 0;
    const auto length = configuration["length_bytes"].get<std::int64_t>();
    return length > 0 ? static_cast<std::size_t>(length) : 0;
}

}  // namespace

Result<DataType> parseDataTypeV3(const Json &dataType)
{
    const std::string name = nameOf(dataType);
    if (name.empty())
        return error("'data_type' is missing or names no type");
    const std::string quoted = "'" + name + "'";
    if (name == "bool")
        return DataType{DataType::Kind::Bool, GDT_UInt8, 1, name};
    for (const NumericType &type : numericTypes)
    {
        if (type.v3 == name)
            return DataType{DataType::Kind::Numeric, type.gdal, type.size,
                            name};
    }
    if (name == "string")
        return DataType{DataType::Kind::VariableUnicode, GDT_Unknown, 0, name};
    if (name == "null_terminated_bytes")
        return fixedString(DataType::Kind::FixedBytes, lengthInBytes(dataType),
                           name);
    if (name == "fixed_length_utf32")
    {
        const std::size_t size = lengthInBytes(dataType);
        if (size % 4 != 0)
            return error("the data type " + quoted +
                         " has a length_bytes that is not a multiple of 4");
        return fixedString(DataType::Kind::FixedUnicode, size, name);
    }
    if (name.starts_with("numpy."))
        return cannotWrite(quoted, unwritableV2('M'));
    return cannotWrite(quoted, "unknown");
}

Result<Json> dataTypeV2(const DataType &type)
{
    switch (type.kind)
    {
    case DataType::Kind::Bool:
        return Json("|b1");
    case DataType::Kind::FixedBytes:
        return Json("|S" + std::to_string(type.size));
    case DataType::Kind::FixedUnicode:
        return Json("<U" + std::to_string(type.size / 4));
    case DataType::Kind::VariableUnicode:
        return cannotWrite("'|O'", unwritableV2('O'));
    case DataType::Kind::Numeric:
        break;
    }
    const NumericType *numeric = numericType(type.gdal);
    if (!numeric)
        return error(std::string("Zarr V2 has no data type for GDAL's ") +
                     GDALGetDataTypeName(type.gdal));
    return Json((type.size == 1 ? "|" : "<") + std::string(numeric->v2));
}

Json dataTypeV3(const DataType &type)
{
    switch (type.kind)
    {
    case DataType::Kind::Bool:
        return "bool";
    case DataType::Kind::FixedBytes:
        return {{"name", "null_terminated_bytes"},
                {"configuration", {{"length_bytes", type.size}}}};
    case DataType::Kind::FixedUnicode:
        return {{"name", "fixed_length_utf32"},
                {"configuration", {{"length_bytes", type.size}}}};
    case DataType::Kind::VariableUnicode:
        return "string";
    case DataType::Kind::Numeric:
        break;
    }
    const NumericType *numeric = numericType(type.gdal);
    return numeric ? Json(numeric->v3) : Json(nullptr);
}

}  // namespace mdimappend
