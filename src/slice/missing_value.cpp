// Reads the missing value of an array, from the driver's word or from
// attributes, as one element of the array's type.

#include "slice/missing_value.h"

#include "zarr/base64.h"
#include "zarr/number_element.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace mdimappend
{

namespace
{

std::optional<std::string> floatElement(double number, GDALDataType type)
{
    // GDAL would clamp to the largest finite value.
    if (type == GDT_Float32 && std::isinf(static_cast<float>(number)) &&
        !std::isinf(number))
        return {};
    return elementFromDouble(number, type);
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
    if (type == GDT_Float16 || type == GDT_Float32 || type == GDT_Float64)
        return floatElement(value.get<double>(), type);
    return integerElement(value, type);
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
