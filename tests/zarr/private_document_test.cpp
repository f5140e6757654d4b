// The private document as GDAL's Zarr driver takes it: opened on its own in
// memory, one whole chunk written and read back.

#include "zarr/array_document.h"
#include "zarr/documents.h"

#include <gtest/gtest.h>

#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal_priv.h>

#include <cstring>
#include <numeric>

namespace mdimappend
{
namespace
{

const std::string folder = "/vsimem/zarr_private_document";

void writeDocument(const std::string &key, const std::string &bytes)
{
    VSILFILE *file = VSIFOpenL((folder + "/" + key).c_str(), "wb");
    ASSERT_TRUE(file);
    EXPECT_EQ(VSIFWriteL(bytes.data(), 1, bytes.size(), file), bytes.size());
    EXPECT_EQ(VSIFCloseL(file), 0);
}

struct OpenArray
{
    std::unique_ptr<GDALDataset> dataset;
    std::shared_ptr<GDALMDArray> array;
};

OpenArray openArray(unsigned access)
{
    OpenArray open;
    const char *const drivers[] = {"Zarr", nullptr};
    const CPLStringList options{
        std::vector<std::string>{"USE_CONSOLIDATED_METADATA=NO"}};
    open.dataset.reset(GDALDataset::Open(folder.c_str(),
                                         GDAL_OF_MULTIDIM_RASTER | access,
                                         drivers, options.List()));
    if (!open.dataset)
        return open;
    const auto root = open.dataset->GetRootGroup();
    const auto names = root->GetMDArrayNames();
    if (names.size() == 1)
        open.array = root->OpenMDArray(names[0]);
    return open;
}

ArrayDocument parse(ZarrFormat format, const Documents &documents)
{
    auto array = format == ZarrFormat::V3
                     ? parseArrayV3("t", documents.at("t/zarr.json"))
                     : parseArrayV2("t", documents.at("t/.zarray"),
                                    documents.at("t/.zattrs"));
    EXPECT_TRUE(array) << array.status().message();
    return *array;
}

constexpr std::uint64_t padded[] = {std::uint64_t{1} << 40, 6};
constexpr GUInt64 start[] = {1000, 3};
constexpr std::size_t count[] = {2, 3};
constexpr std::size_t elements = 6;

NewArray newArray(DataType::Kind kind, GDALDataType gdal)
{
    NewArray array;
    array.path = "t";
    array.shape = {3, 5};
    array.chunk = {2, 3};
    array.kind = kind;
    array.gdal = gdal;
    array.stringLength = 5;
    array.dimensions = {"y", "x"};
    array.attributes = {{"units", "K"}};
    return array;
}

class PrivateDocument : public testing::Test
{
  protected:
    static void SetUpTestSuite()
    {
        GDALAllRegister();
    }

    void TearDown() override
    {
        VSIRmdirRecursive(folder.c_str());
    }

    /// The driver opens it, without a message but one that is expected.
    static void serve(const ArrayDocument &array,
                      const std::optional<Json> &fill = {})
    {
        VSIRmdirRecursive(folder.c_str());
        writeDocument(array.format == ZarrFormat::V3 ? "zarr.json" : ".zarray",
                      privateDocument(array, padded, fill));
        CPLErrorReset();
        const OpenArray open = openArray(GDAL_OF_UPDATE);
        ASSERT_TRUE(open.array) << array.dataType.name;
        const bool isNull = array.sharded && array.dataType.isString();
        EXPECT_STREQ(CPLGetLastErrorMsg(),
                     isNull ? "fill_value = null is invalid" : "")
            << array.dataType.name;
        EXPECT_EQ(open.array->GetDimensions()[0]->GetSize(), padded[0]);
        EXPECT_EQ(open.array->GetDimensions()[1]->GetSize(), padded[1]);
    }

    static bool chunkExists(const ArrayDocument &array)
    {
        const std::vector<std::uint64_t> index = {500, 1};
        VSIStatBufL status;
        return VSIStatL((folder + "/" + array.keys.key(index)).c_str(),
                        &status) == 0;
    }
};

void writeAndReadNumbers(const ArrayDocument &array)
{
    const auto type = GDALExtendedDataType::Create(array.dataType.gdal);
    std::string written(elements * array.dataType.size, '\0');
    double numbers[elements];
    std::iota(numbers, numbers + elements, 1);
    GDALCopyWords64(numbers, GDT_Float64, 8, written.data(),
                    array.dataType.gdal, static_cast<int>(array.dataType.size),
                    elements);
    {
        const OpenArray open = openArray(GDAL_OF_UPDATE);
        ASSERT_TRUE(open.array);
        ASSERT_TRUE(open.array->Write(start, count, nullptr, nullptr, type,
                                      written.data()));
    }
    const OpenArray open = openArray(0);
    ASSERT_TRUE(open.array);
    EXPECT_EQ(open.array->GetDataType(), type) << array.dataType.name;
    std::string read(written.size(), 'x');
    ASSERT_TRUE(
        open.array->Read(start, count, nullptr, nullptr, type, read.data()));
    EXPECT_EQ(read, written) << array.dataType.name;
}

void writeAndReadStrings(const std::vector<const char *> &strings)
{
    const auto type = GDALExtendedDataType::CreateString();
    {
        const OpenArray open = openArray(GDAL_OF_UPDATE);
        ASSERT_TRUE(open.array);
        ASSERT_TRUE(open.array->Write(start, count, nullptr, nullptr, type,
                                      strings.data()));
    }
    const OpenArray open = openArray(0);
    ASSERT_TRUE(open.array);
    std::vector<char *> read(elements, nullptr);
    ASSERT_TRUE(
        open.array->Read(start, count, nullptr, nullptr, type, read.data()));
    for (std::size_t i = 0; i < elements; ++i)
    {
        EXPECT_STREQ(read[i], strings[i]);
        CPLFree(read[i]);
    }
}

const std::vector<NewGroup> rootOnly = {{"", Json::object()}};

TEST_F(PrivateDocument, letsTheDriverWriteEveryNumericType)
{
    for (const GDALDataType gdal :
         {GDT_Int8, GDT_UInt8, GDT_Int16, GDT_UInt16, GDT_Int32, GDT_UInt32,
          GDT_Int64, GDT_UInt64, GDT_Float16, GDT_Float32, GDT_Float64,
          GDT_CFloat32, GDT_CFloat64})
    {
        for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
        {
            for (const char *compressor :
                 {"blosc:zstd", "zstd", "gzip", "none"})
            {
                NewArray array = newArray(DataType::Kind::Numeric, gdal);
                array.compressor = compressor;
                const auto documents =
                    newDocuments(format, false, rootOnly, {array});
                const ArrayDocument parsed = parse(format, *documents);
                serve(parsed);
                writeAndReadNumbers(parsed);
                EXPECT_TRUE(chunkExists(parsed));
            }
        }
    }
}

TEST_F(PrivateDocument, letsTheDriverWriteShards)
{
    for (const GDALDataType gdal : {GDT_UInt8, GDT_Float32, GDT_CFloat64})
    {
        NewArray array = newArray(DataType::Kind::Numeric, gdal);
        array.innerChunk = {1, 3};
        const auto documents =
            newDocuments(ZarrFormat::V3, false, rootOnly, {array});
        const ArrayDocument parsed = parse(ZarrFormat::V3, *documents);
        serve(parsed);
        writeAndReadNumbers(parsed);
        EXPECT_TRUE(chunkExists(parsed));
    }
}

TEST_F(PrivateDocument, servesBoolsAsBytes)
{
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        const auto documents =
            newDocuments(format, false, rootOnly,
                         {newArray(DataType::Kind::Bool, GDT_UInt8)});
        const ArrayDocument parsed = parse(format, *documents);
        serve(parsed);
        writeAndReadNumbers(parsed);
        ArrayDocument filled = parsed;
        filled.fillValue = true;
        serve(filled);
    }
}

TEST_F(PrivateDocument, letsTheDriverWriteStrings)
{
    const std::vector<const char *> ascii = {"a", "", "abcde", "x y", "1", "b"};
    const std::vector<const char *> unicode = {"\u00e9",           "",  "abcde",
                                               "\u20ac\U0001D11E", "1", "b"};
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        for (const auto &[kind, strings] :
             {std::pair{DataType::Kind::FixedBytes, ascii},
              std::pair{DataType::Kind::FixedUnicode, unicode},
              std::pair{DataType::Kind::VariableUnicode, unicode}})
        {
            if (format == ZarrFormat::V2 &&
                kind == DataType::Kind::VariableUnicode)
                continue;
            for (const bool isSharded : {false, true})
            {
                NewArray array = newArray(kind, GDT_Unknown);
                if (isSharded && format == ZarrFormat::V2)
                    continue;
                if (isSharded)
                    array.innerChunk = {1, 3};
                const auto documents =
                    newDocuments(format, false, rootOnly, {array});
                const ArrayDocument parsed = parse(format, *documents);
                serve(parsed);
                writeAndReadStrings(strings);
                EXPECT_TRUE(chunkExists(parsed));
            }
        }
    }
}

std::string nodataOf(const ArrayDocument &array)
{
    const OpenArray open = openArray(0);
    const void *raw = open.array ? open.array->GetRawNoDataValue() : nullptr;
    if (!raw)
        return "none";
    if (array.dataType.isString())
        return *static_cast<const char *const *>(raw);
    return std::string(static_cast<const char *>(raw), array.dataType.size);
}

TEST_F(PrivateDocument, spellsTheFillValueAsTheDriverReadsIt)
{
    struct Row
    {
        GDALDataType gdal;
        const char *fill;
        bool isReadInV2;
    };

    const Row rows[] = {{GDT_UInt8, "255", true},
                        {GDT_Int64, "-9223372036854775808", true},
                        {GDT_Int64, "9007199254740993", true},
                        {GDT_UInt64, "9223372036854775807", true},
                        {GDT_UInt64, "18446744073709551615", true},
                        {GDT_Float16, "-9.5", true},
                        {GDT_Float16, "\"NaN\"", true},
                        {GDT_Float16, "\"-Infinity\"", true},
                        {GDT_Float32, "NaN", true},
                        {GDT_Float64, "\"-Infinity\"", true},
                        {GDT_CFloat32, "[1.0, 0.0]", true},
                        {GDT_CFloat32, "[1.0, 2.0]", false},
                        {GDT_CFloat64, "[\"NaN\", 0.0]", true},
                        {GDT_CFloat64, "[NaN, \"Infinity\"]", false}};
    for (const Row &row : rows)
    {
        for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
        {
            const auto documents =
                newDocuments(format, false, rootOnly,
                             {newArray(DataType::Kind::Numeric, row.gdal)});
            ArrayDocument array = parse(format, *documents);
            array.fillValue = *parseJson(row.fill);
            serve(array);
            const bool isRead = format == ZarrFormat::V3 || row.isReadInV2;
            const auto bytes = fillBytes(array);
            ASSERT_TRUE(bytes);
            EXPECT_EQ(nodataOf(array), isRead ? **bytes : "none")
                << row.fill << " " << array.dataType.name;
            writeAndReadNumbers(array);
        }
    }
}

TEST_F(PrivateDocument, spellsTheFillValueOfStringsAsTheDriverReadsIt)
{
    struct Row
    {
        ZarrFormat format;
        DataType::Kind kind;
        const char *fill;
        const char *meaning;
    };

    using K = DataType::Kind;
    for (const Row &row :
         {Row{ZarrFormat::V2, K::FixedBytes, "YWJj", "abc"},
          Row{ZarrFormat::V3, K::FixedBytes, "YWJj", "abc"},
          Row{ZarrFormat::V2, K::FixedUnicode, "\u00e9", "\u00e9"},
          Row{ZarrFormat::V3, K::FixedUnicode, "\u00e9", "\u00e9"},
          Row{ZarrFormat::V3, K::VariableUnicode, "ab", "ab"}})
    {
        const auto documents = newDocuments(row.format, false, rootOnly,
                                            {newArray(row.kind, GDT_Unknown)});
        ArrayDocument array = parse(row.format, *documents);
        array.fillValue = row.fill;
        serve(array);
        EXPECT_EQ(nodataOf(array), row.meaning) << array.dataType.name;
    }
}

TEST_F(PrivateDocument, replacesTheFillValue)
{
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        const auto documents =
            newDocuments(format, false, rootOnly,
                         {newArray(DataType::Kind::Numeric, GDT_Int16)});
        const ArrayDocument array = parse(format, *documents);
        serve(array, std::make_optional<Json>(-7));
        EXPECT_EQ(nodataOf(array), std::string("\xF9\xFF", 2));
    }
}

TEST_F(PrivateDocument, holdsOnlyWhatNamesAndEncodesChunks)
{
    const auto documents =
        newDocuments(ZarrFormat::V3, true, rootOnly,
                     {newArray(DataType::Kind::Numeric, GDT_Int16)});
    const auto json = parseJson(
        privateDocument(parse(ZarrFormat::V3, *documents), padded, {}));
    ASSERT_TRUE(json);
    EXPECT_FALSE(json->contains("attributes"));
    EXPECT_FALSE(json->contains("dimension_names"));
    EXPECT_EQ((*json)["shape"], Json({padded[0], padded[1]}));
}

TEST_F(PrivateDocument, servesScalars)
{
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        NewArray array = newArray(DataType::Kind::Numeric, GDT_Int32);
        array.shape = array.chunk = {};
        array.dimensions = {};
        const auto documents = newDocuments(format, false, rootOnly, {array});
        const ArrayDocument parsed = parse(format, *documents);
        writeDocument(format == ZarrFormat::V3 ? "zarr.json" : ".zarray",
                      privateDocument(parsed, {}, {}));
        const auto type = GDALExtendedDataType::Create(GDT_Int32);
        const std::int32_t seven = 7;
        {
            const OpenArray open = openArray(GDAL_OF_UPDATE);
            ASSERT_TRUE(open.array);
            EXPECT_TRUE(open.array->Write(nullptr, nullptr, nullptr, nullptr,
                                          type, &seven));
        }
        std::int32_t read = 0;
        EXPECT_TRUE(openArray(0).array->Read(nullptr, nullptr, nullptr, nullptr,
                                             type, &read));
        EXPECT_EQ(read, 7);
        VSIRmdirRecursive(folder.c_str());
    }
}

}  // namespace
}  // namespace mdimappend
