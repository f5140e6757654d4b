// Number types by numpy's names, and as GDAL calls them.

#include "settings/number_type.h"

#include "cube/array_encoding.h"

#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

constexpr NumberType all[] = {
    NumberType::Int8,      NumberType::UInt8,   NumberType::Int16,
    NumberType::UInt16,    NumberType::Int32,   NumberType::UInt32,
    NumberType::Int64,     NumberType::UInt64,  NumberType::Float16,
    NumberType::Float32,   NumberType::Float64, NumberType::Complex64,
    NumberType::Complex128};

TEST(NumberTypes, areReadByTheirNames)
{
    for (const auto type : all)
    {
        EXPECT_EQ(numberTypeOf(nameOf(type)), type) << nameOf(type);
        EXPECT_NE(numberTypeNames().find(nameOf(type)), std::string::npos);
    }
    EXPECT_EQ(numberTypeOf("<i2"), NumberType::Int16);
    EXPECT_EQ(numberTypeOf("|u1"), NumberType::UInt8);
    for (const char *other : {"", "<", "i3", "<int16", ">i2", "Int16", "bool"})
        EXPECT_FALSE(numberTypeOf(other)) << other;
}

TEST(NumberTypes, areTheSameForGdal)
{
    for (const auto type : all)
    {
        ArrayEncoding encoding;
        encoding.dtype = type;
        const auto gdal = askedType(encoding).value_or(GDT_Unknown);
        const auto name = nameOf(type);
        EXPECT_EQ(GDALGetDataTypeSizeBytes(gdal), sizeOf(type)) << name;
        EXPECT_EQ(!GDALDataTypeIsSigned(gdal), isUnsigned(type)) << name;
        EXPECT_EQ(GDALDataTypeIsComplex(gdal) != 0, name.starts_with("complex"))
            << name;
        EXPECT_EQ(GDALDataTypeIsFloating(gdal) != 0,
                  name.starts_with("complex") || name.starts_with("float"))
            << name;
    }
    EXPECT_FALSE(askedType({}));
}

}  // namespace
}  // namespace mdimappend
