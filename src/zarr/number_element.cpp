// Makes elements of numbers: as GDAL converts them, or exactly or not at all.

#include "zarr/number_element.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

template <class Integer> std::optional<std::string> integerBytes(Json value)
{
    if (value.is_number_float())
    {
        const double real = value.get<double>();
        if (real != std::floor(real) || std::fabs(real) >= 0x1p64)
            return {};
        value = real < 0
                    ? (real < -0x1p63 ? Json()
                                      : Json(static_cast<std::int64_t>(real)))
                    : Json(static_cast<std::uint64_t>(real));
    }
    if (!value.is_number_integer())
        return {};
    const bool isNegative =
        !value.is_number_unsigned() && value.get<std::int64_t>() < 0;
    const bool fits = isNegative
                          ? std::in_range<Integer>(value.get<std::int64_t>())
                          : std::in_range<Integer>(value.get<std::uint64_t>());
    if (!fits)
        return {};
    const auto integer = value.get<Integer>();
    std::string bytes(sizeof(Integer), '\0');
    std::memcpy(bytes.data(), &integer, sizeof(Integer));
    return bytes;
}

}  // namespace

std::string elementFromDouble(double number, GDALDataType type)
{
    std::string element(
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type)), '\0');
    GDALCopyWords64(&number, GDT_Float64, 0, element.data(), type, 0, 1);
    return element;
}

std::optional<std::string> integerElement(const Json &value, GDALDataType type)
{
    switch (type)
    {
    case GDT_Int8:
        return integerBytes<std::int8_t>(value);
    case GDT_UInt8:
        return integerBytes<std::uint8_t>(value);
    case GDT_Int16:
        return integerBytes<std::int16_t>(value);
    case GDT_UInt16:
        return integerBytes<std::uint16_t>(value);
    case GDT_Int32:
        return integerBytes<std::int32_t>(value);
    case GDT_UInt32:
        return integerBytes<std::uint32_t>(value);
    case GDT_Int64:
        return integerBytes<std::int64_t>(value);
    case GDT_UInt64:
        return integerBytes<std::uint64_t>(value);
    default:
        return {};
    }
}

}  // namespace mdimappend
