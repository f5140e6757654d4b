// Reads the missing value of an array, from the driver's word or from
// attributes, as one element of the array's type.

#include "slice/missing_value.h"

#include "slice/attributes_json.h"
#include "zarr/base64.h"
#include "zarr/fill_value.h"
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

/// The very number, and no NaN; nothing if the type does not hold it.
std::optional<std::string> exactElement(const Json &value, GDALDataType type)
{
    auto element = elementOf(value, type);
    if (!element || GDALDataTypeIsInteger(type))
        return element;
    double number = 0;
    GDALCopyWords64(element->data(), type, 0, &number, GDT_Float64, 0, 1);
    const double wanted = value.is_string()
                              ? *numberInText(value.get<std::string>())
                              : value.get<double>();
    return number == wanted || (value.is_string() && !std::isnan(number))
               ? element
               : std::nullopt;
}

/// The bits of a negative number, as a number of the unsigned type.
Json sameBits(const Json &value, GDALDataType type)
{
    const auto bits = static_cast<unsigned>(GDALGetDataTypeSizeBits(type));
    return bits == 64 || !value.is_number_integer() || value >= 0
               ? value
               : Json(value.get<std::int64_t>() + (std::int64_t{1} << bits));
}

void addElements(const Json &value, GDALDataType type, bool hasBits,
                 std::vector<std::string> &elements)
{
    if (value.is_array())
    {
        for (const auto &[ignored, part] : value.items())
            addElements(part, type, hasBits, elements);
        return;
    }
    auto element = exactElement(hasBits ? sameBits(value, type) : value, type);
    if (element && !std::ranges::count(elements, *element))
        elements.push_back(std::move(*element));
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

bool isDeclaredUnsigned(const Json &attributes)
{
    return textMember(attributes, "_Unsigned") == "true";
}

std::vector<std::string> declaredMissing(const Json &attributes,
                                         GDALDataType type)
{
    std::vector<std::string> elements;
    const bool hasBits = GDALDataTypeIsInteger(type) &&
                         !GDALDataTypeIsSigned(type) &&
                         isDeclaredUnsigned(attributes);
    addElements(member(attributes, "missing_value"), type, hasBits, elements);
    return elements;
}

void setMissing(SliceArray &array, std::vector<std::string> elements)
{
    array.missingValue.reset();
    if (!elements.empty())
    {
        array.missingValue = std::move(elements.front());
        elements.erase(elements.begin());
    }
    array.alsoMissing = std::move(elements);
}

Json otherMissingAttribute(const SliceArray &array)
{
    const auto type = array.type.GetNumericDataType();
    const DataType stored{
        DataType::Kind::Numeric,
        type,
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type)),
        {}};
    Json numbers = Json::array();
    for (const auto &element : array.alsoMissing)
    {
        // An infinity would be a text, which stands for nothing.
        if (auto number = fillJson(stored, element); number.is_number())
            numbers.push_back(std::move(number));
    }
    if (numbers.empty())
        return nullptr;
    return numbers.size() == 1 ? numbers.front() : numbers;
}

std::vector<std::string>
withDeclaredMissing(const std::optional<std::string> &first,
                    const Json &attributes, GDALDataType type)
{
    std::vector<std::string> all;
    if (first)
        all.push_back(*first);
    for (auto &element : declaredMissing(attributes, type))
    {
        if (element != first)
            all.push_back(std::move(element));
    }
    return all;
}

std::vector<std::string> missingValuesOf(const GDALMDArray &array,
                                         const Json &attributes)
{
    const GDALExtendedDataType &type = array.GetDataType();
    if (type.GetClass() != GEDTC_NUMERIC)
        return {};
    const GDALDataType numeric = type.GetNumericDataType();
    std::optional<std::string> first;
    if (attributes.contains("_FillValue"))
        first = elementOf(attributes["_FillValue"], numeric);
    const bool isTold = !hasNoValue(attributes, "_FillValue") &&
                        !hasNoValue(attributes, "missing_value");
    if (const void *raw = array.GetRawNoDataValue(); raw && !first && isTold)
        first = std::string(static_cast<const char *>(raw), type.GetSize());
    return withDeclaredMissing(first, attributes, numeric);
}

}  // namespace mdimappend
