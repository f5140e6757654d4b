// The text of --encoding.

#include "settings/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

ArrayEncoding encodingFrom(const std::string &spec)
{
    Encodings encodings;
    const auto parsed = parseEncoding(spec, encodings);
    EXPECT_TRUE(parsed) << parsed.message();
    EXPECT_EQ(encodings.size(), 1U);
    return encodings.begin()->second;
}

std::string errorOf(const std::string &spec)
{
    Encodings encodings;
    const auto parsed = parseEncoding(spec, encodings);
    EXPECT_FALSE(parsed) << spec;
    if (parsed)
        return "";
    EXPECT_EQ(parsed.kind(), Failure::Usage);
    return parsed.message();
}

TEST(SettingsEncodingText, hasAllKeys)
{
    const auto encoding = encodingFrom(
        "air:dtype=int16,scale=0.01,offset=273.15,nodata=-32768,"
        "units=seconds since 1970-01-01 00:00:00,calendar=standard,"
        "chunk=4x50x0,shard=16x50x50,compress=blosc:lz4,level=9,shuffle=bit,"
        "separator=dot");
    EXPECT_EQ(encoding.dtype, NumberType::Int16);
    EXPECT_EQ(encoding.scale, 0.01);
    EXPECT_EQ(encoding.offset, 273.15);
    EXPECT_EQ(encoding.nodata, Json(-32768));
    EXPECT_EQ(encoding.units, "seconds since 1970-01-01 00:00:00");
    EXPECT_EQ(encoding.calendar, "standard");
    EXPECT_THAT(*encoding.chunk, ElementsAre(4U, 50U, 0U));
    EXPECT_THAT(*encoding.shard, ElementsAre(16U, 50U, 50U));
    EXPECT_EQ(encoding.compressor, "blosc:lz4");
    EXPECT_EQ(encoding.level, 9);
    EXPECT_EQ(encoding.shuffle, "bit");
    EXPECT_EQ(encoding.separator, '.');
}

TEST(SettingsEncodingText, typesHaveNamesAndCodes)
{
    EXPECT_EQ(encodingFrom("a:dtype=<f4").dtype, NumberType::Float32);
    EXPECT_EQ(encodingFrom("a:dtype=i2").dtype, NumberType::Int16);
    EXPECT_EQ(encodingFrom("a:dtype=|u1").dtype, NumberType::UInt8);
    EXPECT_EQ(encodingFrom("a:dtype=float16").dtype, NumberType::Float16);
    EXPECT_EQ(encodingFrom("a:dtype=complex128").dtype, NumberType::Complex128);
    EXPECT_THAT(errorOf("a:dtype=>i2"), HasSubstr("little endian"));
    EXPECT_THAT(errorOf("a:dtype=int12"), HasSubstr("int8, uint8, int16"));
    EXPECT_THAT(errorOf("a:dtype="), HasSubstr("int8"));
}

TEST(SettingsEncodingText, missingValuesAreExact)
{
    EXPECT_EQ(encodingFrom("a:nodata=18446744073709551615").nodata,
              Json(UINT64_MAX));
    EXPECT_EQ(encodingFrom("a:nodata=NaN").nodata, Json("NaN"));
    EXPECT_EQ(encodingFrom("a:nodata=nan").nodata, Json("NaN"));
    EXPECT_EQ(encodingFrom("a:nodata=none").nodata, Json());
    EXPECT_THAT(errorOf("a:nodata=zero"), HasSubstr("NaN, Infinity"));
}

TEST(SettingsEncodingText, filtersKnowTheirType)
{
    EXPECT_EQ(encodingFrom("a:dtype=int16,filters=delta+shuffle").filters,
              Json::parse(R"([{"id": "delta", "dtype": "<i2"},
                              {"id": "shuffle", "elementsize": 2}])"));
    EXPECT_EQ(encodingFrom("a:dtype=float32,filters=delta").filters,
              Json::parse(R"([{"id": "delta", "dtype": "<i4"}])"));
    EXPECT_EQ(encodingFrom("a:filters=none").filters, Json::array());
    EXPECT_THAT(errorOf("a:filters=delta"), HasSubstr("dtype"));
    EXPECT_THAT(errorOf("a:dtype=i2,filters=crc"), HasSubstr("delta"));
}

TEST(SettingsEncodingText, nameMayHaveWhatIsNoColon)
{
    Encodings encodings;
    ASSERT_TRUE(parseEncoding("*:level=1", encodings));
    ASSERT_TRUE(parseEncoding("a b/c-d:level=2", encodings));
    EXPECT_EQ(encodings["*"].level, 1);
    EXPECT_EQ(encodings["a b/c-d"].level, 2);
    EXPECT_EQ(encodingOf(encodings, "other").level, 1);
}

TEST(SettingsEncodingText, setsItsKeysOverThoseThatAreThere)
{
    Encodings encodings;
    ASSERT_TRUE(parseEncoding("a:dtype=int16,chunk=1x2", encodings));
    ASSERT_TRUE(parseEncoding("a:chunk=3x4", encodings));
    EXPECT_EQ(encodings["a"].dtype, NumberType::Int16);
    EXPECT_THAT(*encodings["a"].chunk, ElementsAre(3U, 4U));
}

TEST(SettingsEncodingText, malformedOnesAreRefused)
{
    EXPECT_THAT(errorOf("chunk=1"), HasSubstr("NAME:key=value"));
    EXPECT_THAT(errorOf(":chunk=1"), HasSubstr("NAME:key=value"));
    EXPECT_THAT(errorOf(""), HasSubstr("NAME:key=value"));
    EXPECT_THAT(errorOf("a:"), HasSubstr("not key=value"));
    EXPECT_THAT(errorOf("a:level"), HasSubstr("not key=value"));
    EXPECT_THAT(errorOf("a:level=1,"), HasSubstr("not key=value"));
    EXPECT_THAT(errorOf("a:level=1,level=2"), HasSubstr("given twice"));
    EXPECT_THAT(errorOf("a:chunk=1,chunks=2"), HasSubstr("mean the same"));
    EXPECT_THAT(errorOf("a:chunk=axb"), HasSubstr("4x50x50"));
    EXPECT_THAT(errorOf("a:chunk=-1x2"), HasSubstr("4x50x50"));
    EXPECT_THAT(errorOf("a:chunk=1.5"), HasSubstr("4x50x50"));
    EXPECT_THAT(errorOf("a:level=99"), HasSubstr("0 to 22"));
    EXPECT_THAT(errorOf("a:compress=gzip,level=12"), HasSubstr("0 to 9"));
    EXPECT_THAT(errorOf("a:compress=rar"), HasSubstr("blosc:zstd"));
    EXPECT_THAT(errorOf("a:compress=zstd,shuffle=bit"), HasSubstr("blosc's"));
    EXPECT_THAT(errorOf("a:scale=0"), HasSubstr("other than 0"));
    EXPECT_THAT(errorOf("a:scale=inf"), HasSubstr("a number"));
    EXPECT_THAT(errorOf("a:offset=x"), HasSubstr("a number"));
    EXPECT_THAT(errorOf("a:separator=-"), HasSubstr("slash"));
    EXPECT_THAT(errorOf("a:units="), HasSubstr("not empty"));
    EXPECT_EQ(errorOf("a:colour=red"),
              "unknown key 'colour' in --encoding 'a:colour=red'");
    EXPECT_THAT(errorOf("a:dtipe=i2"), HasSubstr("did you mean 'dtype'?"));
}

}  // namespace
}  // namespace mdimappend
