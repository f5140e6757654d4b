// The types that an array's numbers can be stored as, by numpy's names. What
// GDAL calls them is the affair of those who write arrays
// (cube/array_encoding.h).

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

enum class NumberType
{
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Float16,
    Float32,
    Float64,
    Complex64,
    Complex128
};

/// "int16"
std::string_view nameOf(NumberType type);

/// Of "int16", "i2", "<i2", "=i2" or "|i2"; nothing of all else.
std::optional<NumberType> numberTypeOf(std::string_view text);

/// All names, for a message: "int8, uint8, ...".
std::string numberTypeNames();

/// Bytes of one number.
int sizeOf(NumberType type);
bool isUnsigned(NumberType type);

}  // namespace mdimappend
