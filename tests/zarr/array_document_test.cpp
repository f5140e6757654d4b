// What an array's documents say: types, chunk keys, fill values, refusals.

#include "zarr/array_document.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace mdimappend
{
namespace
{

Json zarray()
{
    return {{"shape", {4, 6}},       {"chunks", {2, 3}}, {"dtype", "<f4"},
            {"fill_value", "NaN"},   {"order", "C"},     {"filters", nullptr},
            {"compressor", nullptr}, {"zarr_format", 2}};
}

Json codec(const std::string &name, const Json &configuration = Json::object())
{
    return Json{{"name", name}, {"configuration", configuration}};
}

Json bytesCodec()
{
    return codec("bytes", Json{{"endian", "little"}});
}

Json sharding(const Json &innerChunk, const Json &codecs)
{
    return codec(
        "sharding_indexed",
        Json{{"chunk_shape", innerChunk},
             {"codecs", codecs},
             {"index_codecs", Json::array({bytesCodec(), codec("crc32c")})}});
}

Json zarrJson()
{
    return {{"zarr_format", 3},
            {"node_type", "array"},
            {"shape", {4, 6}},
            {"data_type", "float32"},
            {"chunk_grid", codec("regular", Json{{"chunk_shape", {2, 3}}})},
            {"chunk_key_encoding", codec("default", Json{{"separator", "/"}})},
            {"fill_value", 0.0},
            {"codecs", Json::array({bytesCodec()})},
            {"attributes", {{"units", "K"}}},
            {"dimension_names", {"y", "x"}}};
}

/// `document` with one member replaced.
Json with(Json document, const std::string &key, Json value)
{
    document[key] = std::move(value);
    return document;
}

Result<ArrayDocument> parse(const Json &document)
{
    const std::string text = dumpJson(document);
    return document["zarr_format"] == 2 ? parseArrayV2("a/b", text, "")
                                        : parseArrayV3("a/b", text);
}

ArrayDocument parsed(const Json &document)
{
    auto array = parse(document);
    EXPECT_TRUE(array) << array.status().message();
    return array ? *array : ArrayDocument();
}

void expectRefusal(const Json &document, const std::string &reason)
{
    const auto array = parse(document);
    ASSERT_FALSE(array) << dumpJson(document);
    EXPECT_EQ(array.status().kind(), Failure::Error);
    EXPECT_NE(array.status().message().find(reason), std::string::npos)
        << array.status().message();
    EXPECT_TRUE(array.status().message().starts_with("array 'a/b' ("));
}

TEST(ParseArray, readsV2)
{
    const auto array =
        parseArrayV2("a/b", dumpJson(zarray()),
                     R"({"_ARRAY_DIMENSIONS": ["y", "x"], "nan": NaN})");
    ASSERT_TRUE(array) << array.status().message();
    EXPECT_EQ(array->format, ZarrFormat::V2);
    EXPECT_EQ(array->path, "a/b");
    EXPECT_EQ(array->shape, (std::vector<std::uint64_t>{4, 6}));
    EXPECT_EQ(array->chunk, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(array->innerChunk, array->chunk);
    EXPECT_FALSE(array->sharded);
    EXPECT_EQ(array->dataType.gdal, GDT_Float32);
    EXPECT_EQ(array->dimensions, (std::vector<std::string>{"y", "x"}));
    EXPECT_EQ(array->keys.key(array->shape), "4.6");
    EXPECT_TRUE(array->attributes.contains("nan"));
}

TEST(ParseArray, readsV3)
{
    const ArrayDocument array = parsed(zarrJson());
    EXPECT_EQ(array.format, ZarrFormat::V3);
    EXPECT_EQ(array.dataType.gdal, GDT_Float32);
    EXPECT_EQ(array.dimensions, (std::vector<std::string>{"y", "x"}));
    EXPECT_EQ(array.keys.key(array.shape), "c/4/6");
    EXPECT_EQ(array.attributes["units"], "K");
}

TEST(ParseArray, readsShards)
{
    const ArrayDocument array = parsed(
        with(zarrJson(), "codecs",
             Json::array({sharding({1, 3}, Json::array({bytesCodec()}))})));
    EXPECT_TRUE(array.sharded);
    EXPECT_EQ(array.chunk, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(array.innerChunk, (std::vector<std::uint64_t>{1, 3}));
}

TEST(ParseArray, readsScalars)
{
    Json document = with(zarrJson(), "shape", Json::array());
    document["chunk_grid"]["configuration"]["chunk_shape"] = Json::array();
    document["dimension_names"] = Json::array();
    EXPECT_EQ(parsed(document).rank(), 0U);
}

TEST(ParseArray, readsDimensionNames)
{
    EXPECT_EQ(
        parsed(with(zarrJson(), "dimension_names", {"y", nullptr})).dimensions,
        (std::vector<std::string>{"y", ""}));
    EXPECT_TRUE(parsed(with(zarrJson(), "dimension_names", nullptr))
                    .dimensions.empty());
    EXPECT_TRUE(parsed(zarray()).dimensions.empty());
    expectRefusal(with(zarrJson(), "dimension_names", {"y"}), "2 different");
    expectRefusal(with(zarrJson(), "dimension_names", {"y", "y"}), "different");
    expectRefusal(with(zarrJson(), "dimension_names", {"y", 1}), "different");
    expectRefusal(with(zarrJson(), "dimension_names", "y x"), "different");
    EXPECT_FALSE(parseArrayV2("a", dumpJson(zarray()),
                              R"({"_ARRAY_DIMENSIONS": ["y"]})"));
}

TEST(ParseArray, knowsEveryDataType)
{
    using K = DataType::Kind;

    struct Row
    {
        const char *v2;
        const char *v3;
        K kind;
        GDALDataType gdal;
        std::size_t size;
    };

    const Row rows[] = {
        {R"("|b1")", R"("bool")", K::Bool, GDT_UInt8, 1},
        {R"("|i1")", R"("int8")", K::Numeric, GDT_Int8, 1},
        {R"("|u1")", R"("uint8")", K::Numeric, GDT_UInt8, 1},
        {R"("<i2")", R"("int16")", K::Numeric, GDT_Int16, 2},
        {R"(">u2")", R"("uint16")", K::Numeric, GDT_UInt16, 2},
        {R"("<i4")", R"("int32")", K::Numeric, GDT_Int32, 4},
        {R"("<u4")", R"("uint32")", K::Numeric, GDT_UInt32, 4},
        {R"(">i8")", R"("int64")", K::Numeric, GDT_Int64, 8},
        {R"("<u8")", R"("uint64")", K::Numeric, GDT_UInt64, 8},
        {R"("<f2")", R"("float16")", K::Numeric, GDT_Float16, 2},
        {R"("<f4")", R"({"name": "float32"})", K::Numeric, GDT_Float32, 4},
        {R"("<f8")", R"("float64")", K::Numeric, GDT_Float64, 8},
        {R"("<c8")", R"("complex64")", K::Numeric, GDT_CFloat32, 8},
        {R"(">c16")", R"("complex128")", K::Numeric, GDT_CFloat64, 16},
        {R"("|S5")",
         R"({"name": "null_terminated_bytes", "configuration": {"length_bytes": 5}})",
         K::FixedBytes, GDT_Unknown, 5},
        {R"("<U5")",
         R"({"name": "fixed_length_utf32", "configuration": {"length_bytes": 20}})",
         K::FixedUnicode, GDT_Unknown, 20}};
    for (const Row &row : rows)
    {
        const auto check = [&row](const ArrayDocument &array)
        {
            EXPECT_EQ(array.dataType.kind, row.kind) << row.v3;
            EXPECT_EQ(array.dataType.gdal, row.gdal) << row.v3;
            EXPECT_EQ(array.dataType.size, row.size) << row.v3;
        };
        check(parsed(with(zarray(), "dtype", *parseJson(row.v2))));
        check(parsed(with(zarrJson(), "data_type", *parseJson(row.v3))));
    }
    Json strings = with(zarrJson(), "data_type", "string");
    strings["codecs"] = Json::array({codec("vlen-utf8")});
    EXPECT_EQ(parsed(strings).dataType.kind, K::VariableUnicode);
    EXPECT_EQ(parsed(strings).dataType.size, 0U);
}

TEST(ParseArray, refusesDataTypesByName)
{
    for (const char *dtype :
         {"|O", "<M8[ns]", "<m8[s]", "|V3", "<f16", "<U0", "|S0", "<Ux", "f4",
          "<i3", "", "|U99999999999999999999"})
        expectRefusal(with(zarray(), "dtype", dtype), dtype);
    expectRefusal(with(zarray(), "dtype", "|i4"), "byte order");
    expectRefusal(with(zarray(), "dtype", *parseJson(R"([["a", "<i4"]])")),
                  "structured");
    for (const char *type : {"numpy.datetime64", "numpy.timedelta64",
                             "variable_length_bytes", "struct", "bfloat16"})
    {
        expectRefusal(with(zarrJson(), "data_type", type), type);
        expectRefusal(with(zarrJson(), "data_type", codec(type)), type);
    }
    expectRefusal(with(zarrJson(), "data_type",
                       codec("fixed_length_utf32", Json{{"length_bytes", 5}})),
                  "multiple of 4");
    expectRefusal(with(zarrJson(), "data_type", 5), "data_type");
}

TEST(ParseArray, refusesCodecsByName)
{
    expectRefusal(with(zarray(), "compressor", Json{{"id", "bz2"}}), "bz2");
    expectRefusal(with(zarray(), "compressor", "zlib"), "zlib");
    expectRefusal(
        with(zarray(), "filters", Json::array({Json{{"id", "quantize"}}})),
        "quantize");
    EXPECT_TRUE(parse(
        with(zarray(), "filters",
             Json::array({Json{{"id", "shuffle"}, {"elementsize", 4}}}))));
    const auto codecs = [](const Json &list)
    { return with(zarrJson(), "codecs", list); };
    expectRefusal(codecs(Json::array({bytesCodec(), codec("numcodecs.bz2")})),
                  "numcodecs.bz2");
    expectRefusal(codecs(Json::array({codec("zstd"), bytesCodec()})),
                  "wrong place");
    expectRefusal(codecs(Json::array({bytesCodec(), bytesCodec()})),
                  "wrong place");
    expectRefusal(codecs(Json::array({bytesCodec(), codec("transpose")})),
                  "wrong place");
    expectRefusal(codecs(Json::array({codec("vlen-utf8")})), "does not fit");
    expectRefusal(codecs(Json::array()), "makes bytes");
    expectRefusal(codecs("bytes"), "not a list");
    expectRefusal(codecs(Json::array({"bytes"})), "cannot be written");
    expectRefusal(
        with(zarrJson(), "storage_transformers", Json::array({codec("x")})),
        "storage_transformers");
}

TEST(ParseArray, refusesShardsThatTheDriverCannotWrite)
{
    const Json inner = Json::array({bytesCodec()});
    const auto codecs = [](const Json &list)
    { return with(zarrJson(), "codecs", list); };
    expectRefusal(codecs(Json::array({sharding({1, 2}, inner)})),
                  "does not divide");
    expectRefusal(codecs(Json::array({sharding({1}, inner)})), "rank");
    expectRefusal(codecs(Json::array({sharding({0, 3}, inner)})), "positive");
    expectRefusal(codecs(Json::array({sharding({1, 3}, inner), codec("zstd")})),
                  "combined");
    expectRefusal(codecs(Json::array({sharding(
                      {1, 3}, Json::array({sharding({1, 1}, inner)}))})),
                  "sharding_indexed");
    Json index = sharding({1, 3}, inner);
    index["configuration"]["index_codecs"] =
        Json::array({bytesCodec(), codec("zstd")});
    expectRefusal(codecs(Json::array({index})), "index codecs");
}

TEST(ParseArray, refusesShardsOfStringsWithAFillValue)
{
    Json document = with(zarrJson(), "data_type", "string");
    document["codecs"] =
        Json::array({sharding({1, 3}, Json::array({codec("vlen-utf8")}))});
    EXPECT_TRUE(parse(with(document, "fill_value", "")));
    expectRefusal(with(document, "fill_value", "x"), "shards of strings");
}

TEST(ParseArray, refusesShapesThatTheDriverCannotOpen)
{
    for (const auto &document : {zarray(), zarrJson()})
    {
        for (const char *shape : {"[0, 6]", "[-1, 6]", "[1.0, 6]", "[\"4\", 6]",
                                  "[null, 6]", "4", "{}"})
            expectRefusal(with(document, "shape", *parseJson(shape)),
                          "'shape'");
        expectRefusal(with(document, "shape", {4}), "rank");
        expectRefusal(
            with(document, "shape", {std::uint64_t{1} << 62, std::uint64_t{2}}),
            "2^63");
        expectRefusal(with(document, "shape", std::vector<int>(33, 1)), "32");
    }
    expectRefusal(with(zarray(), "chunks", {0, 3}), "'chunks'");
    expectRefusal(with(zarray(), "chunks", {65536, 65536}), "2^31 bytes");
    EXPECT_TRUE(parse(with(zarray(), "chunks", {65536, 8192})));
    EXPECT_TRUE(parse(with(zarray(), "shape", {INT64_MAX, 1})));
}

TEST(ParseArray, refusesWhatElseItDoesNotKnow)
{
    expectRefusal(with(zarray(), "order", "A"), "'order'");
    expectRefusal(with(zarray(), "dimension_separator", "-"), "separator");
    expectRefusal(with(zarrJson(), "node_type", "group"), "node_type");
    expectRefusal(with(zarrJson(), "chunk_grid", codec("rectilinear")),
                  "regular");
    expectRefusal(with(zarrJson(), "chunk_key_encoding", codec("base64")),
                  "chunk_key_encoding");
    expectRefusal(with(zarrJson(), "extension", 1), "'extension'");
    EXPECT_TRUE(
        parse(with(zarrJson(), "extension", Json{{"must_understand", false}})));
    expectRefusal(with(zarrJson(), "attributes", 1), "attributes");
    EXPECT_FALSE(parseArrayV3("a", "[]"));
    EXPECT_FALSE(parseArrayV3("a", "{}"));
    EXPECT_FALSE(parseArrayV2("a", "{\"zarr_format\": 2}", ""));
    EXPECT_FALSE(parseArrayV2("a", dumpJson(zarray()), "[]"));
}

TEST(ParseArray, survivesEveryMemberOfAWrongType)
{
    for (const Json &document : {zarray(), zarrJson()})
    {
        for (const auto &[key, value] : document.items())
        {
            for (const char *other :
                 {"null", "1", "-1", "1.5", "\"x\"", "[]", "[[]]", "{}", "true",
                  "{\"name\": 1}", "{\"name\": \"regular\"}"})
            {
                const std::string text =
                    dumpJson(with(document, key, *parseJson(other)));
                (void)parseArrayV2("a", text, text);
                (void)parseArrayV3("a", text);
            }
        }
    }
}

TEST(ChunkKeys, areThoseOfTheFormats)
{
    using Style = ChunkKeys::Style;
    const std::vector<std::uint64_t> index = {0, 12, 3};
    EXPECT_EQ((ChunkKeys{Style::Default, '/'}).key(index), "c/0/12/3");
    EXPECT_EQ((ChunkKeys{Style::Default, '.'}).key(index), "c.0.12.3");
    EXPECT_EQ((ChunkKeys{Style::V2, '/'}).key(index), "0/12/3");
    EXPECT_EQ((ChunkKeys{Style::V2, '.'}).key(index), "0.12.3");
    EXPECT_EQ((ChunkKeys{Style::Default, '/'}).key({}), "c");
    EXPECT_EQ((ChunkKeys{Style::V2, '.'}).key({}), "0");
}

TEST(ChunkKeys, parseWhatTheyWriteAndNothingElse)
{
    using Style = ChunkKeys::Style;
    for (const ChunkKeys keys :
         {ChunkKeys{Style::Default, '/'}, ChunkKeys{Style::Default, '.'},
          ChunkKeys{Style::V2, '/'}, ChunkKeys{Style::V2, '.'}})
    {
        for (const std::vector<std::uint64_t> &index :
             {std::vector<std::uint64_t>{}, {7}, {0, 0}, {10, 0, UINT64_MAX}})
            EXPECT_EQ(keys.parse(keys.key(index), index.size()), index);
    }
    const ChunkKeys v3{Style::Default, '/'};
    for (const char *key :
         {"", "c", "c/", "c/1", "c/1/2/3", "c/1/2/", "c/01/2", "c/1//2",
          "c/-1/2", "c/+1/2", "c/1.2", "d/1/2", "1/2", "c1/2", "c/1/2x",
          "c/ 1/2", "c/1/18446744073709551616", "zarr.json"})
        EXPECT_EQ(v3.parse(key, 2), std::nullopt) << key;
    const ChunkKeys v2{Style::V2, '.'};
    for (const char *key :
         {"", "0", "0.", ".0", "0.0.0", "0/0", "00.0", ".zarray", "c.0.0"})
        EXPECT_EQ(v2.parse(key, 2), std::nullopt) << key;
    EXPECT_EQ(v2.parse("1", 0), std::nullopt);
    EXPECT_EQ(v3.parse("c/0", 0), std::nullopt);
}

template <class... T> std::string bytesOf(T... values)
{
    std::string bytes;
    (bytes.append(reinterpret_cast<const char *>(&values), sizeof(values)),
     ...);
    return bytes;
}

std::optional<std::string> fillOf(const Json &document, const char *type,
                                  const char *fill)
{
    const bool isV2 = document["zarr_format"] == 2;
    Json changed = with(document, isV2 ? "dtype" : "data_type", type);
    changed["fill_value"] = *parseJson(fill);
    const auto bytes = fillBytes(parsed(changed));
    EXPECT_TRUE(bytes) << bytes.status().message();
    return bytes ? *bytes : std::nullopt;
}

TEST(FillBytes, areTheValueInMemory)
{
    for (const auto &[document, f4, f8, i8, u8, b1, c8] :
         {std::tuple{zarray(), "<f4", ">f8", "<i8", "<u8", "|b1", "<c8"},
          std::tuple{zarrJson(), "float32", "float64", "int64", "uint64",
                     "bool", "complex64"}})
    {
        EXPECT_EQ(fillOf(document, f4, "-9.5"), bytesOf(-9.5F));
        EXPECT_EQ(fillOf(document, f4, "3"), bytesOf(3.0F));
        EXPECT_EQ(fillOf(document, f4, "1e300"), bytesOf(INFINITY));
        EXPECT_EQ(fillOf(document, f8, "\"-Infinity\""),
                  bytesOf(-std::numeric_limits<double>::infinity()));
        EXPECT_EQ(fillOf(document, i8, "-9223372036854775808"),
                  bytesOf(INT64_MIN));
        EXPECT_EQ(fillOf(document, i8, "9007199254740993"),
                  bytesOf(std::int64_t{9007199254740993}));
        EXPECT_EQ(fillOf(document, u8, "18446744073709551615"),
                  bytesOf(UINT64_MAX));
        EXPECT_EQ(fillOf(document, i8, "-7.0"), bytesOf(std::int64_t{-7}));
        EXPECT_EQ(fillOf(document, b1, "true"), "\1");
        EXPECT_EQ(fillOf(document, b1, "0"), std::string(1, '\0'));
        EXPECT_EQ(fillOf(document, c8, "[1.0, \"Infinity\"]"),
                  bytesOf(1.0F, INFINITY));
        const auto nan = fillOf(document, f4, "\"NaN\"");
        float value = 0;
        std::memcpy(&value, nan->data(), sizeof(value));
        EXPECT_TRUE(std::isnan(value));
        EXPECT_EQ(fillOf(document, f4, "NaN"), nan);
        EXPECT_EQ(fillOf(document, f4, "null"), std::nullopt);
    }
    EXPECT_EQ(fillOf(zarray(), "<f2", "-9.5"), bytesOf(std::uint16_t{0xC8C0}));
    EXPECT_EQ(fillOf(zarray(), "<f4", "\"1.5\""), bytesOf(1.5F));
    EXPECT_EQ(fillOf(zarrJson(), "float32", "\"0x7fc00001\""),
              bytesOf(std::uint32_t{0x7fc00001}));
    EXPECT_EQ(fillOf(zarrJson(), "float16", "\"0x7e00\""),
              bytesOf(std::uint16_t{0x7e00}));
    EXPECT_EQ(fillOf(zarrJson(), "complex128", "[\"0x3ff0000000000000\", 2]"),
              bytesOf(1.0, 2.0));
}

TEST(FillBytes, refuseWhatIsNoValueOfTheType)
{
    const auto refused = [](const char *type, const char *fill)
    {
        Json document = with(zarrJson(), "data_type", type);
        document["fill_value"] = *parseJson(fill);
        const auto bytes = fillBytes(parsed(document));
        EXPECT_FALSE(bytes) << type << " " << fill;
    };
    refused("uint8", "256");
    refused("uint8", "-1");
    refused("int8", "-129");
    refused("int64", "9223372036854775808");
    refused("uint64", "1e20");
    refused("int64", "-1e20");
    refused("int16", "1.5");
    refused("int16", "NaN");
    refused("int16", "\"1\"");
    refused("bool", "2");
    refused("float32", "\"0x7fc0000\"");
    refused("float32", "\"0x7fc0000g\"");
    refused("float32", "\"1.5\"");
    refused("float32", "[1, 2]");
    refused("float32", "true");
    refused("complex64", "[1]");
    refused("complex64", "[1, null]");
}

std::optional<std::string> missingOf(const char *type, const char *attribute)
{
    Json document = with(zarrJson(), "data_type", type);
    document["attributes"]["_FillValue"] = *parseJson(attribute);
    const auto bytes = missingValueBytes(parsed(document));
    return bytes ? *bytes : std::string("refused");
}

TEST(MissingValueBytes, areDecodedAsXarrayEncodesThem)
{
    // xarray's encoding of -9.5, of NaN and of 1+2j, whatever the size.
    for (const char *type : {"float16", "float32", "float64"})
        EXPECT_EQ(missingOf(type, "\"AAAAAAAAI8A=\""), missingOf(type, "-9.5"));
    EXPECT_EQ(missingOf("float32", "\"AAAAAAAA+H8=\""),
              missingOf("float32", "NaN"));
    EXPECT_EQ(missingOf("complex64", R"(["AAAAAAAA8D8=", "AAAAAAAAAEA="])"),
              bytesOf(1.0F, 2.0F));
    EXPECT_EQ(missingOf("int16", "-999"), bytesOf(std::int16_t{-999}));
    EXPECT_EQ(missingOf("uint64", "18446744073709551615"), bytesOf(UINT64_MAX));
    EXPECT_EQ(missingOf("float32", "\"AAAYwQ==\""), bytesOf(-9.5F));
    EXPECT_EQ(missingOf("float32", "\"NaN\""), missingOf("float32", "NaN"));
    EXPECT_EQ(missingOf("float32", "\"AAAA\""), "refused");
    EXPECT_EQ(missingOf("float32", "\"AAAAAAAAI8A\""), "refused");
    EXPECT_EQ(missingOf("float32", "\"AA=AAAAAI8A=\""), "refused");
    EXPECT_EQ(missingOf("int16", "70000"), "refused");
}

TEST(MissingValueBytes, areTheFillValueInV2AndTheAttributeInV3)
{
    EXPECT_EQ(*missingValueBytes(parsed(with(zarray(), "fill_value", 3.0))),
              bytesOf(3.0F));
    EXPECT_EQ(*missingValueBytes(parsed(with(zarray(), "fill_value", nullptr))),
              std::nullopt);
    EXPECT_EQ(*missingValueBytes(parsed(zarrJson())), std::nullopt);
}

}  // namespace
}  // namespace mdimappend
