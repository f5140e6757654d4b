// Reads fill values and missing values of documents as elements in memory, and
// spells elements as JSON.

#include "zarr/fill_value.h"

#include "zarr/base64.h"
#include "zarr/data_type.h"
#include "zarr/number_element.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace mdimappend
{

namespace
{

enum class Notation
{
    V2,         ///< numbers may be strings
    V3,         ///< bits may be given as "0x..."
    Attribute,  ///< base64 of little-endian bytes
};

GDALDataType componentType(const DataType &type)
{
    if (type.gdal == GDT_CFloat32)
        return GDT_Float32;
    return type.gdal == GDT_CFloat64 ? GDT_Float64 : type.gdal;
}

std::size_t componentSize(const DataType &type)
{
    return isComplex(type) ? type.size / 2 : type.size;
}

double toDouble(std::string_view bytes, GDALDataType gdal)
{
    double value = 0;
    GDALCopyWords64(bytes.data(), gdal, 0, &value, GDT_Float64, 0, 1);
    return value;
}

std::string nativeOrder(std::string bytes, std::endian order)
{
    if (order != std::endian::native)
        bytes = std::string(bytes.rbegin(), bytes.rend());
    return bytes;
}

std::optional<double> namedNumber(std::string_view text)
{
    using Limits = std::numeric_limits<double>;
    if (text == "NaN")
        return Limits::quiet_NaN();
    if (text == "Infinity")
        return Limits::infinity();
    if (text == "-Infinity")
        return -Limits::infinity();
    return {};
}

/// "0x7fc00000": the bits, most significant first.
std::optional<std::string> fromHexadecimal(std::string_view text,
                                           std::size_t size)
{
    if (!text.starts_with("0x") || text.size() != 2 + 2 * size)
        return {};
    std::string bytes;
    for (std::size_t i = 2; i < text.size(); i += 2)
    {
        unsigned byte = 0;
        const char *const end = text.data() + i + 2;
        const auto [next, failure] =
            std::from_chars(text.data() + i, end, byte, 16);
        if (failure != std::errc() || next != end)
            return {};
        bytes += static_cast<char>(byte);
    }
    return nativeOrder(std::move(bytes), std::endian::big);
}

std::optional<std::string> fromBase64(std::string_view text,
                                      const DataType &type)
{
    const auto bytes = base64Decode(text);
    if (!bytes)
        return {};
    std::string native = nativeOrder(*bytes, std::endian::little);
    if (native.size() == sizeof(double))
        return elementFromDouble(toDouble(native, GDT_Float64),
                                 componentType(type));
    if (native.size() == componentSize(type))
        return native;
    return {};
}

std::optional<Json> parsedNumber(const std::string &text)
{
    auto number = parseJson(text);
    if (!number || !number->is_number())
        return {};
    return std::optional<Json>(std::in_place, std::move(*number));
}

std::optional<std::string> floatBytes(const Json &value, const DataType &type,
                                      Notation notation)
{
    const auto bytesOf = [&type](double number)
    { return elementFromDouble(number, componentType(type)); };
    if (value.is_number())
        return bytesOf(value.get<double>());
    if (!value.is_string())
        return {};
    const std::string text = value.get<std::string>();
    if (const auto number = namedNumber(text))
        return bytesOf(*number);
    switch (notation)
    {
    case Notation::V3:
        return fromHexadecimal(text, componentSize(type));
    case Notation::Attribute:
        return fromBase64(text, type);
    case Notation::V2:
        break;
    }
    const auto number = parsedNumber(text);
    return number ? std::optional(bytesOf(number->get<double>()))
                  : std::nullopt;
}

std::optional<std::string> complexBytes(const Json &value, const DataType &type,
                                        Notation notation)
{
    const bool isPair = value.is_array() && value.size() == 2;
    if (!isPair && !value.is_number())
        return {};
    auto real = floatBytes(isPair ? value[0] : value, type, notation);
    const auto imaginary =
        floatBytes(isPair ? value[1] : Json(0.0), type, notation);
    if (!real || !imaginary)
        return {};
    return *real + *imaginary;
}

std::optional<std::string> boolBytes(const Json &value)
{
    if (value == true || value == 1)
        return std::string(1, '\1');
    if (value == false || value == 0)
        return std::string(1, '\0');
    return {};
}

std::optional<std::string> elementBytes(const Json &value, const DataType &type,
                                        Notation notation)
{
    if (type.kind == DataType::Kind::Bool)
        return boolBytes(value);
    if (isComplex(type))
        return complexBytes(value, type, notation);
    if (isFloating(type))
        return floatBytes(value, type, notation);
    if (notation == Notation::V2 && value.is_string())
    {
        const auto number = parsedNumber(value.get<std::string>());
        return number ? integerElement(*number, type.gdal) : std::nullopt;
    }
    return integerElement(value, type.gdal);
}

Result<std::optional<std::string>> element(const ArrayDocument &array,
                                           std::string_view what,
                                           const Json &value, Notation notation)
{
    if (array.dataType.isString())
        return error("array '" + array.path + "': the " + std::string(what) +
                     " of strings has no value in memory");
    if (value.is_null())
        return std::optional<std::string>();
    auto bytes = elementBytes(value, array.dataType, notation);
    if (!bytes)
        return error("array '" + array.path + "': the " + std::string(what) +
                     " " + dumpJson(value, -1) + " is not a value of type '" +
                     array.dataType.name + "'");
    return bytes;
}

std::string littleEndianDouble(double value)
{
    std::string bytes(sizeof(double), '\0');
    std::memcpy(bytes.data(), &value, sizeof(double));
    return nativeOrder(std::move(bytes), std::endian::little);
}

/// `spell` applied to the number, or to both of a complex one.
template <class Spell>
Json spelled(const DataType &type, std::string_view element, Spell spell)
{
    const std::size_t size = componentSize(type);
    const auto component = [&](std::size_t i)
    { return toDouble(element.substr(i * size, size), componentType(type)); };
    if (isComplex(type))
        return Json::array({spell(component(0)), spell(component(1))});
    return spell(component(0));
}

Json integerJson(const DataType &type, std::string_view element)
{
    if (type.gdal == GDT_UInt64)
    {
        std::uint64_t value = 0;
        std::memcpy(&value, element.data(), sizeof(value));
        return value;
    }
    std::int64_t value = 0;
    GDALCopyWords64(element.data(), type.gdal, 0, &value, GDT_Int64, 0, 1);
    return value;
}

}  // namespace

Json fillNumber(double value)
{
    if (std::isnan(value))
        return "NaN";
    if (std::isinf(value))
        return value < 0 ? "-Infinity" : "Infinity";
    return value;
}

Json fillJson(const DataType &type, std::string_view element)
{
    if (type.kind == DataType::Kind::Bool)
        return element[0] != 0;
    if (isComplex(type) || isFloating(type))
        return spelled(type, element, fillNumber);
    return integerJson(type, element);
}

Json missingValueAttribute(const DataType &type, std::string_view element)
{
    if (isComplex(type) || isFloating(type))
        return spelled(
            type, element, [](double value)
            { return Json(base64Encode(littleEndianDouble(value))); });
    return fillJson(type, element);
}

Result<std::optional<std::string>> fillBytes(const ArrayDocument &array)
{
    return element(array, "fill_value", array.fillValue,
                   array.format == ZarrFormat::V2 ? Notation::V2
                                                  : Notation::V3);
}

Result<std::optional<std::string>> missingValueBytes(const ArrayDocument &array)
{
    if (array.format == ZarrFormat::V2 &&
        (!array.fillValue.is_null() || array.dataType.isString()))
        return fillBytes(array);
    // Without a fill value, xarray goes by the attribute in V2, too.
    if (array.format == ZarrFormat::V2)
        return elementBytes(member(array.attributes, "_FillValue"),
                            array.dataType, Notation::V2);
    return element(array, "attribute _FillValue",
                   member(array.attributes, "_FillValue"), Notation::Attribute);
}

}  // namespace mdimappend
