// Reads the missing value of an array, from the driver's word or from
// attributes, as one element of the array's type.

#include "slice/missing_value.h"

#include "zarr/base64.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace mdimappend
{

namespace
{

template <class T> std::string bytesOf(T value)
{
    return {reinterpret_cast<const char *>(&value), sizeof(T)};
}

template <class T> std::optional<std::string> integerElement(const Json &value)
{
    if (value.is_number_unsigned())
    {
        const auto number = value.get<std::uint64_t>();
        if (std::in_range<T>(number))
            return bytesOf(static_cast<T>(number));
        return {};
    }
    if (value.is_number_integer())
    {
        const auto number = value.get<std::int64_t>();
        if (std::in_range<T>(number))
            return bytesOf(static_cast<T>(number));
        return {};
    }
    const double number = value.get<double>();
    // 2^digits is exact as a double, the type's largest value may not be.
    const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
    const double least = std::numeric_limits<T>::is_signed ? -limit : 0.0;
    if (number >= least && number < limit && std::trunc(number) == number)
        return bytesOf(static_cast<T>(number));
    return {};
}

std::optional<std::string> floatElement(double number, GDALDataType type)
{
    std::string bytes(GDALGetDataTypeSizeBytes(type), '\0');
    if (type == GDT_Float32)
    {
        // GDALCopyWords would clamp to the largest finite value.
        const auto single = static_cast<float>(number);
        if (std::isinf(single) && !std::isinf(number))
            return {};
        return bytesOf(single);
    }
    GDALCopyWords(&number, GDT_Float64, 0, bytes.data(), type, 0, 1);
    return bytes;
}

std::optional<double> numberInText(const std::string &text)
{
    if (text == "NaN")
        return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity" || text == "-Infinity")
        return text.front() == '-' ? -std::numeric_limits<double>::infinity()
                                   : std::numeric_limits<double>::infinity();
    char *end = nullptr;
    const double number = CPLStrtod(text.c_str(), &end);
    if (text.empty() || *end != '\0')
        return {};
    return number;
}

std::optional<std::string> elementInBase64(const std::string &text,
                                           GDALDataType type)
{
    std::optional<std::string> bytes = base64Decode(text);
    const std::size_t size = GDALGetDataTypeSizeBytes(type);
    if (!bytes || (bytes->size() != size && bytes->size() != sizeof(double)))
        return {};
    if constexpr (std::endian::native == std::endian::big)
        std::ranges::reverse(*bytes);
    if (bytes->size() == size)
        return bytes;
    // xarray writes a float64, whatever the array's type.
    double number = 0;
    std::memcpy(&number, bytes->data(), sizeof number);
    return floatElement(number, type);
}

std::optional<std::string> numberElement(const Json &value, GDALDataType type)
{
    switch (type)
    {
    case GDT_UInt8:
        return integerElement<std::uint8_t>(value);
    case GDT_Int8:
        return integerElement<std::int8_t>(value);
    case GDT_UInt16:
        return integerElement<std::uint16_t>(value);
    case GDT_Int16:
        return integerElement<std::int16_t>(value);
    case GDT_UInt32:
        return integerElement<std::uint32_t>(value);
    case GDT_Int32:
        return integerElement<std::int32_t>(value);
    case GDT_UInt64:
        return integerElement<std::uint64_t>(value);
    case GDT_Int64:
        return integerElement<std::int64_t>(value);
    case GDT_Float16:
    case GDT_Float32:
    case GDT_Float64:
        return floatElement(value.get<double>(), type);
    default:
        return {};
    }
}

}  // namespace

std::optional<std::string> elementOf(const Json &value, GDALDataType type,
                                     bool base64)
{
    if (value.is_array() && value.size() == 1)
        return elementOf(value.front(), type, base64);
    if (value.is_number())
        return numberElement(value, type);
    if (!value.is_string())
        return {};
    const auto text = value.get<std::string>();
    if (base64 && GDALDataTypeIsFloating(type))
        if (auto element = elementInBase64(text, type))
            return element;
    if (const auto number = numberInText(text))
        return numberElement(Json(*number), type);
    return {};
}

std::optional<std::string> missingValueOf(const GDALMDArray &array,
                                          const Json &attributes)
{
    const GDALExtendedDataType &type = array.GetDataType();
    if (type.GetClass() != GEDTC_NUMERIC)
        return {};
    const GDALDataType numeric = type.GetNumericDataType();
    if (attributes.contains("_FillValue"))
        if (auto element = elementOf(attributes["_FillValue"], numeric))
            return element;
    if (const void *raw = array.GetRawNoDataValue())
        return std::string(static_cast<const char *>(raw), type.GetSize());
    if (attributes.contains("missing_value"))
        return elementOf(attributes["missing_value"], numeric);
    return {};
}

}  // namespace mdimappend
