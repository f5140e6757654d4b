// Names and sizes of the number types, in one table.

#include "settings/number_type.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

struct Row
{
    NumberType type;
    std::string_view name;
    std::string_view code;  ///< numpy's
    int size;
};

constexpr std::array<Row, 13> rows{
    {{NumberType::Int8, "int8", "i1", 1},
     {NumberType::UInt8, "uint8", "u1", 1},
     {NumberType::Int16, "int16", "i2", 2},
     {NumberType::UInt16, "uint16", "u2", 2},
     {NumberType::Int32, "int32", "i4", 4},
     {NumberType::UInt32, "uint32", "u4", 4},
     {NumberType::Int64, "int64", "i8", 8},
     {NumberType::UInt64, "uint64", "u8", 8},
     {NumberType::Float16, "float16", "f2", 2},
     {NumberType::Float32, "float32", "f4", 4},
     {NumberType::Float64, "float64", "f8", 8},
     {NumberType::Complex64, "complex64", "c8", 8},
     {NumberType::Complex128, "complex128", "c16", 16}}};

/// The table is in the enumeration's order.
constexpr const Row &rowOf(NumberType type)
{
    return rows[static_cast<std::size_t>(type)];
}

static_assert(std::ranges::all_of(rows, [](const Row &row)
                                  { return &rowOf(row.type) == &row; }));

}  // namespace

std::string_view nameOf(NumberType type)
{
    return rowOf(type).name;
}

std::optional<NumberType> numberTypeOf(std::string_view text)
{
    auto code = text;
    if (code.starts_with('<') || code.starts_with('=') || code.starts_with('|'))
        code.remove_prefix(1);
    const auto found =
        std::ranges::find_if(rows, [&](const Row &row)
                             { return text == row.name || code == row.code; });
    return found == rows.end() ? std::nullopt : std::optional(found->type);
}

std::string numberTypeNames()
{
    std::string names;
    for (const auto &row : rows)
        names.append(names.empty() ? "" : ", ").append(row.name);
    return names;
}

int sizeOf(NumberType type)
{
    return rowOf(type).size;
}

bool isUnsigned(NumberType type)
{
    return rowOf(type).code.starts_with('u');
}

}  // namespace mdimappend
