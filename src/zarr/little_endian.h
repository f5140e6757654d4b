// Numbers in bytes, the least significant one first.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mdimappend
{

/// The number that `bytes` begin with; there must be as many as it has.
template <class Number> Number littleEndian(std::string_view bytes)
{
    Number value = 0;
    for (std::size_t i = sizeof(Number); i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

template <class Number> void putLittleEndian(Number value, char *bytes)
{
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        bytes[i] = static_cast<char>(value >> (8 * i) & 0xFF);
}

}  // namespace mdimappend
