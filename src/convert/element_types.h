// The C++ types of GDAL's real numbers, and what they hold.

#pragma once

#include <cpl_float.h>
#include <gdal.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace mdimappend
{

/// Calls `use` with std::type_identity of the type's C++ type; with double's
/// for types that are no real numbers.
template <class Use>
decltype(auto) withElementType(GDALDataType type, Use &&use)
{
    switch (type)
    {
    case GDT_UInt8:
        return use(std::type_identity<std::uint8_t>{});
    case GDT_Int8:
        return use(std::type_identity<std::int8_t>{});
    case GDT_UInt16:
        return use(std::type_identity<std::uint16_t>{});
    case GDT_Int16:
        return use(std::type_identity<std::int16_t>{});
    case GDT_UInt32:
        return use(std::type_identity<std::uint32_t>{});
    case GDT_Int32:
        return use(std::type_identity<std::int32_t>{});
    case GDT_UInt64:
        return use(std::type_identity<std::uint64_t>{});
    case GDT_Int64:
        return use(std::type_identity<std::int64_t>{});
    case GDT_Float16:
        return use(std::type_identity<GFloat16>{});
    case GDT_Float32:
        return use(std::type_identity<float>{});
    default:
        return use(std::type_identity<double>{});
    }
}

/// 64 bits are more than a double holds exactly.
template <class T>
constexpr bool isWideInteger = std::is_integral_v<T> && sizeof(T) == 8;

template <class T> constexpr int significandBits()
{
    if constexpr (std::is_integral_v<T>)
        return std::numeric_limits<T>::digits;
    else
        return sizeof(T) == 2 ? 11 : sizeof(T) == 4 ? 24 : 53;
}

/// The largest finite number of a floating point type.
template <class T> constexpr double largestFinite()
{
    return sizeof(T) == 2   ? 65504.0
           : sizeof(T) == 4 ? double{std::numeric_limits<float>::max()}
                            : std::numeric_limits<double>::max();
}

template <class T> T loadElement(const void *bytes)
{
    T element;
    std::memcpy(&element, bytes, sizeof(T));
    return element;
}

}  // namespace mdimappend
