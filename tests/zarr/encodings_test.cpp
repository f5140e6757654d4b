// Every encoding of new arrays: written by GDAL's driver behind a private
// document, into a store of the documents that newDocuments makes, and read
// back by the driver from that store. autotest/zarr/test_encodings_out.py has
// the stores made in a folder (MDIMAPPEND_TEST_STORES), for zarr-python and
// xarray.

#include "zarr/array_document.h"
#include "zarr/documents.h"

#include <gtest/gtest.h>

#include <cpl_conv.h>
#include <cpl_vsi.h>
#include <gdal_priv.h>

#include <cstring>

namespace mdimappend
{
namespace
{

const std::string privateFolder = "/vsimem/zarr_encodings_private";
constexpr std::size_t rows = 6;
constexpr std::size_t columns = 50;
constexpr std::size_t chunkRows = 4;
constexpr std::size_t chunkColumns = 25;

std::string storeFolder(ZarrFormat format)
{
    return std::string(CPLGetConfigOption("MDIMAPPEND_TEST_STORES",
                                          "/vsimem/zarr_encodings")) +
           (format == ZarrFormat::V2 ? "/v2.zarr" : "/v3.zarr");
}

void put(const std::string &path, const std::string &bytes)
{
    VSIMkdirRecursive(CPLGetPathSafe(path.c_str()).c_str(), 0777);
    VSILFILE *file = VSIFOpenL(path.c_str(), "wb");
    ASSERT_TRUE(file) << path;
    EXPECT_EQ(VSIFWriteL(bytes.data(), 1, bytes.size(), file), bytes.size());
    EXPECT_EQ(VSIFCloseL(file), 0);
}

std::unique_ptr<GDALDataset> open(const std::string &path, unsigned access)
{
    const char *const drivers[] = {"Zarr", nullptr};
    const char *const options[] = {"USE_CONSOLIDATED_METADATA=NO", nullptr};
    return std::unique_ptr<GDALDataset>(GDALDataset::Open(
        path.c_str(), GDAL_OF_MULTIDIM_RASTER | access, drivers, options));
}

/// 0 to 127 without order; the Python side has the same.
double valueAt(std::size_t row, std::size_t column)
{
    const auto i = static_cast<std::uint32_t>(row * columns + column);
    return (i * 2654435761U) >> 25;
}

std::string elements(GDALDataType type, std::size_t firstRow,
                     std::size_t rowCount, std::size_t firstColumn,
                     std::size_t columnCount)
{
    std::vector<double> numbers;
    for (std::size_t row = firstRow; row < firstRow + rowCount; ++row)
    {
        for (std::size_t i = 0; i < columnCount; ++i)
            numbers.push_back(row < rows ? valueAt(row, firstColumn + i) : 0);
    }
    const int size = GDALGetDataTypeSizeBytes(type);
    std::string bytes(numbers.size() * static_cast<std::size_t>(size), '\0');
    GDALCopyWords64(numbers.data(), GDT_Float64, sizeof(double), bytes.data(),
                    type, size, static_cast<GPtrDiff_t>(numbers.size()));
    return bytes;
}

ArrayDocument parse(ZarrFormat format, const Documents &documents,
                    const std::string &path)
{
    auto array = format == ZarrFormat::V3
                     ? parseArrayV3(path, documents.at(path + "/zarr.json"))
                     : parseArrayV2(path, documents.at(path + "/.zarray"),
                                    documents.at(path + "/.zattrs"));
    EXPECT_TRUE(array) << array.status().message();
    return *array;
}

/// As the view serves it: no chunk here holds nothing but that.
std::optional<Json> otherFill(const ArrayDocument &document)
{
    if (GDALDataTypeIsComplex(document.dataType.gdal))
        return Json::array({1, 0});
    return std::make_optional<Json>(1);
}

/// All chunks of an array, as an append writes them.
void writeChunks(const ArrayDocument &document, const std::string &store)
{
    constexpr std::uint64_t padded[] = {2 * chunkRows, columns};
    constexpr std::size_t count[] = {chunkRows, chunkColumns};
    const auto type = GDALExtendedDataType::Create(document.dataType.gdal);
    VSIRmdirRecursive(privateFolder.c_str());
    put(privateFolder +
            (document.format == ZarrFormat::V3 ? "/zarr.json" : "/.zarray"),
        privateDocument(document, padded, otherFill(document)));
    {
        const auto dataset = open(privateFolder, GDAL_OF_UPDATE);
        ASSERT_TRUE(dataset) << document.path;
        const auto root = dataset->GetRootGroup();
        const auto array = root->OpenMDArray(root->GetMDArrayNames().at(0));
        ASSERT_TRUE(array) << document.path;
        for (const std::size_t i : {0U, 1U})
        {
            for (const std::size_t j : {0U, 1U})
            {
                const GUInt64 start[] = {i * chunkRows, j * chunkColumns};
                const auto values = elements(document.dataType.gdal, start[0],
                                             chunkRows, start[1], chunkColumns);
                ASSERT_TRUE(array->Write(start, count, nullptr, nullptr, type,
                                         values.data()));
            }
        }
    }
    for (const std::uint64_t i : {0U, 1U})
    {
        for (const std::uint64_t j : {0U, 1U})
        {
            const std::uint64_t index[] = {i, j};
            const std::string key = document.keys.key(index);
            const std::string to = store + "/" + document.path + "/" + key;
            VSIMkdirRecursive(CPLGetPathSafe(to.c_str()).c_str(), 0777);
            ASSERT_EQ(VSICopyFile((privateFolder + "/" + key).c_str(),
                                  to.c_str(), nullptr, VSI_L_OFFSET_MAX,
                                  nullptr, nullptr, nullptr),
                      0)
                << document.path << " " << key;
        }
    }
}

void expectReadBack(const GDALGroup &root, const ArrayDocument &document)
{
    const auto array = root.OpenMDArray(document.path);
    ASSERT_TRUE(array) << document.path;
    const GUInt64 start[] = {0, 0};
    const std::size_t count[] = {rows, columns};
    const auto type = GDALExtendedDataType::Create(document.dataType.gdal);
    const auto expected = elements(document.dataType.gdal, 0, rows, 0, columns);
    std::string found(expected.size(), 'x');
    ASSERT_TRUE(
        array->Read(start, count, nullptr, nullptr, type, found.data()));
    EXPECT_TRUE(found == expected) << document.path;
}

NewArray arrayOf(GDALDataType type)
{
    NewArray array;
    array.shape = {rows, columns};
    array.chunk = {chunkRows, chunkColumns};
    array.gdal = type;
    array.dimensions = {"y", "x"};
    return array;
}

std::vector<NewArray> allEncodings(ZarrFormat format)
{
    std::vector<NewArray> arrays;
    for (const auto &[type, dtype] :
         {std::pair{GDT_UInt8, "uint8"}, std::pair{GDT_Int16, "int16"},
          std::pair{GDT_Float16, "float16"}, std::pair{GDT_Float32, "float32"},
          std::pair{GDT_Float64, "float64"},
          std::pair{GDT_CFloat32, "complex64"}})
    {
        const auto add = [&, prefix = std::string(dtype) + "-"](
                             NewArray array, const std::string &name)
        {
            array.path = prefix + name;
            arrays.push_back(std::move(array));
        };
        NewArray array = arrayOf(type);
        for (const char *inner :
             {"zstd", "lz4", "lz4hc", "blosclz", "zlib", "snappy"})
        {
            array.compressor = std::string("blosc:") + inner;
            for (const char *shuffle : {"", "none", "byte", "bit"})
            {
                array.shuffle = shuffle;
                add(array, std::string("blosc-") + inner + "-" + shuffle);
            }
        }
        array.shuffle = "none";
        for (const char *name : {"none", "zstd", "gzip", "zlib", "lzma", "lz4"})
        {
            array.compressor = name;
            const bool isInV3 = *name != 'l' && std::string(name) != "zlib";
            if (format == ZarrFormat::V2 || isInV3)
                add(array, name);
        }
        if (format == ZarrFormat::V3)
            continue;
        const auto size = GDALGetDataTypeSizeBytes(type);
        const std::string bytes = std::to_string(std::min(size, 8));
        const std::string integer = (size == 1 ? "|u" : "<i") + bytes;
        const Json delta = {{"id", "delta"}, {"dtype", integer}};
        const Json shuffle =
            *parseJson(R"({"id": "shuffle", "elementsize": )" + bytes + "}");
        array.compressor = "zlib";
        array.filters = Json::array({delta});
        add(array, "zlib-filter-delta");
        array.filters = Json::array({shuffle});
        add(array, "zlib-filter-shuffle");
        array.compressor = "none";
        array.filters = Json::array({delta, delta, shuffle});
        add(array, "none-filter-three");
    }
    return arrays;
}

class Encodings : public testing::TestWithParam<ZarrFormat>
{
  protected:
    static void SetUpTestSuite()
    {
        GDALAllRegister();
    }
};

TEST_P(Encodings, areWrittenAndReadByTheDriver)
{
    const ZarrFormat format = GetParam();
    const std::string store = storeFolder(format);
    const auto arrays = allEncodings(format);
    const auto documents =
        newDocuments(format, true, {{"", Json::object()}}, arrays);
    ASSERT_TRUE(documents) << documents.status().message();
    for (const auto &[key, bytes] : *documents)
        put(store + "/" + key, bytes);
    for (const NewArray &array : arrays)
        writeChunks(parse(format, *documents, array.path), store);
    const auto dataset = open(store, 0);
    ASSERT_TRUE(dataset);
    const auto root = dataset->GetRootGroup();
    for (const NewArray &array : arrays)
        expectReadBack(*root, parse(format, *documents, array.path));
    VSIRmdirRecursive("/vsimem/zarr_encodings");
    VSIRmdirRecursive(privateFolder.c_str());
}

INSTANTIATE_TEST_SUITE_P(ZarrFormats, Encodings,
                         testing::Values(ZarrFormat::V2, ZarrFormat::V3),
                         [](const auto &format)
                         {
                             return format.param == ZarrFormat::V2 ? "V2"
                                                                   : "V3";
                         });

Json codecOf(ZarrFormat format, NewArray array)
{
    array.path = "t";
    const auto documents =
        newDocuments(format, false, {{"", Json::object()}}, {array});
    EXPECT_TRUE(documents) << documents.status().message();
    const auto json = parseJson(
        documents->at(format == ZarrFormat::V3 ? "t/zarr.json" : "t/.zarray"));
    return format == ZarrFormat::V3 ? (*json)["codecs"].back()["configuration"]
                                    : (*json)["compressor"];
}

TEST(NewEncoding, takesEachCodecsOwnLevelWhereNoneIsGiven)
{
    const auto levelOf = [](const char *compressor, const char *member)
    {
        NewArray array = arrayOf(GDT_Int16);
        array.compressor = compressor;
        const Json made = codecOf(ZarrFormat::V2, array);
        if (made["id"] == "zstd" || made["id"] == "gzip")
        {
            EXPECT_EQ(codecOf(ZarrFormat::V3, array)["level"], made["level"]);
        }
        return made[member].get<int>();
    };
    EXPECT_EQ(codecOf(ZarrFormat::V2, arrayOf(GDT_Int16))["clevel"], 3);
    EXPECT_EQ(levelOf("blosc", "clevel"), 3);
    EXPECT_EQ(levelOf("blosc:zstd", "clevel"), 3);
    EXPECT_EQ(levelOf("blosc:lz4", "clevel"), 5);
    EXPECT_EQ(levelOf("blosc:zlib", "clevel"), 5);
    EXPECT_EQ(levelOf("zstd", "level"), 3);
    EXPECT_EQ(levelOf("gzip", "level"), 6);
    EXPECT_EQ(levelOf("zlib", "level"), 6);
    EXPECT_EQ(levelOf("lzma", "preset"), 6);
    EXPECT_EQ(levelOf("lz4", "acceleration"), 1);
}

TEST(NewEncoding, shufflesBytesOfNumbersAndNotOfTexts)
{
    NewArray array = arrayOf(GDT_Int16);
    EXPECT_EQ(codecOf(ZarrFormat::V2, array)["shuffle"], 1);
    EXPECT_EQ(codecOf(ZarrFormat::V3, array)["shuffle"], "shuffle");
    array.shuffle = "bit";
    EXPECT_EQ(codecOf(ZarrFormat::V2, array)["shuffle"], 2);
    EXPECT_EQ(codecOf(ZarrFormat::V3, array)["shuffle"], "bitshuffle");
    array.shuffle = "";
    array.kind = DataType::Kind::FixedUnicode;
    array.stringLength = 5;
    EXPECT_EQ(codecOf(ZarrFormat::V2, array)["shuffle"], 0);
    EXPECT_EQ(codecOf(ZarrFormat::V3, array)["shuffle"], "noshuffle");
    array.shuffle = "byte";
    EXPECT_EQ(codecOf(ZarrFormat::V3, array)["shuffle"], "shuffle");
}

/// The message, without "new array 't': ".
std::string refusal(ZarrFormat format, const char *compressor, int level,
                    const char *shuffle, const char *filters = "null",
                    GDALDataType type = GDT_Int16)
{
    NewArray array = arrayOf(type);
    array.path = "t";
    array.compressor = compressor;
    if (level != -99)
        array.level = level;
    array.shuffle = shuffle;
    array.filters = *parseJson(filters);
    const auto documents =
        newDocuments(format, false, {{"", Json::object()}}, {array});
    if (documents)
        return "accepted";
    const std::string prefix = "new array 't': ";
    const std::string message = documents.status().message();
    EXPECT_TRUE(message.starts_with(prefix)) << message;
    return message.substr(prefix.size());
}

TEST(NewEncoding, refusesLevelsThatTheCodecDoesNotHave)
{
    struct Row
    {
        const char *compressor;
        int lowest;
        int highest;
    };

    for (const Row &row :
         {Row{"blosc:lz4", 0, 9}, Row{"zstd", 0, 22}, Row{"gzip", 0, 9},
          Row{"zlib", 0, 9}, Row{"lzma", 0, 9}, Row{"lz4", 1, 65537}})
    {
        for (const int level : {row.lowest, row.highest})
            EXPECT_EQ(refusal(ZarrFormat::V2, row.compressor, level, ""),
                      "accepted");
        for (const int level : {row.lowest - 1, row.highest + 1})
            EXPECT_EQ(refusal(ZarrFormat::V2, row.compressor, level, ""),
                      std::string("the compressor '") + row.compressor +
                          "' has no level " + std::to_string(level) +
                          ": expected " + std::to_string(row.lowest) + " to " +
                          std::to_string(row.highest));
    }
}

TEST(NewEncoding, saysWhichCompressorsExistInV3)
{
    for (const char *name : {"zlib", "lzma", "lz4"})
        EXPECT_EQ(refusal(ZarrFormat::V3, name, -99, ""),
                  std::string("the compressor '") + name +
                      "' does not exist in Zarr V3: expected blosc:zstd, "
                      "blosc:lz4, blosc:lz4hc, blosc:blosclz, blosc:zlib, "
                      "blosc:snappy, zstd, gzip or none");
    for (const char *name :
         {"brotli", "blosc:brotli", "blosc:", "zstd:lz4", "", "Blosc"})
        EXPECT_NE(refusal(ZarrFormat::V3, name, -99, "").find("is unknown"),
                  std::string::npos)
            << name;
}

TEST(NewEncoding, refusesAShuffleThatTheCompressorLacks)
{
    EXPECT_EQ(refusal(ZarrFormat::V3, "gzip", -99, "bit"),
              "the shuffle 'bit' is blosc's: the compressor 'gzip' has none");
    EXPECT_EQ(refusal(ZarrFormat::V3, "none", -99, "byte"),
              "the shuffle 'byte' is blosc's: the compressor 'none' has none");
    EXPECT_EQ(refusal(ZarrFormat::V3, "gzip", -99, "none"), "accepted");
    EXPECT_EQ(refusal(ZarrFormat::V3, "blosc", -99, "bits"),
              "the shuffle 'bits' is unknown: expected none, byte or bit");
}

TEST(NewEncoding, refusesFiltersThatTheDriverCannotWriteByName)
{
    const auto filter =
        [](const std::string &json, GDALDataType type = GDT_Int16)
    {
        return refusal(ZarrFormat::V2, "zlib", -99, "",
                       ("[" + json + "]").c_str(), type);
    };
    const auto expectReason =
        [&](const std::string &json, const std::string &reason)
    {
        EXPECT_EQ(filter(json),
                  "the filter " + dumpJson(*parseJson(json), -1) +
                      " cannot be written by GDAL's Zarr driver (" + reason +
                      ")");
    };
    expectReason(
        R"({"id": "fixedscaleoffset", "scale": 10, "offset": 0, "dtype": "<f4"})",
        "pack the values instead: an integer data type, scale and offset");
    expectReason(R"({"id": "quantize", "digits": 2, "dtype": "<f4"})",
                 "it cannot round values; only delta and shuffle are known");
    expectReason(R"({"id": "packbits"})", "only delta and shuffle are known");
    expectReason(R"("delta")", "only delta and shuffle are known");
    expectReason(R"({"id": "zstd", "level": 1})",
                 "as a filter it fails on data that do not shrink; it can be "
                 "the compressor");
    for (const char *dtype : {"int16", "<f2", "|b1", "=i2", ">u3", "<c8", ""})
        expectReason(R"({"id": "delta", "dtype": ")" + std::string(dtype) +
                         "\"}",
                     "its dtype must be an integer's, as in \"<i4\"");
    expectReason(R"({"id": "delta"})",
                 "its dtype must be an integer's, as in \"<i4\"");
    expectReason(R"({"id": "delta", "dtype": "<i4", "astype": "<i2"})",
                 "its astype is not its dtype");
    expectReason(R"({"id": "delta", "dtype": "<i8", "axis": 1})",
                 "it has no parameter 'axis'");
    for (const char *size : {"16", "3", "0", "-1", "\"4\"", "4.0", "null"})
        expectReason(R"({"id": "shuffle", "elementsize": )" +
                         std::string(size) + "}",
                     "its elementsize must be 1, 2, 4 or 8");
    // 100 elements of 2 bytes are 25 of 8.
    EXPECT_EQ(filter(R"({"id": "delta", "dtype": "<i8"})"), "accepted");
    EXPECT_EQ(filter(R"({"id": "delta", "dtype": "<i8"})", GDT_Int8),
              "the filter {\"id\": \"delta\", \"dtype\": \"<i8\"} cannot be "
              "written by GDAL's Zarr driver (a chunk of 100 bytes is not a "
              "multiple of its dtype)");
    EXPECT_NE(filter(R"({"id": "shuffle", "elementsize": 8})", GDT_UInt8)
                  .find("not a multiple of its elementsize"),
              std::string::npos);
    EXPECT_NE(filter(R"({"id": "delta", "dtype": "<f4"})", GDT_Float32)
                  .find("give it the integer dtype"),
              std::string::npos);
    EXPECT_EQ(refusal(ZarrFormat::V2, "zlib", -99, "", "{}"),
              "'filters' is not a list");
}

TEST(NewEncoding, refusesFiltersInV3)
{
    EXPECT_EQ(refusal(ZarrFormat::V3, "zstd", -99, "", "[]"), "accepted");
    EXPECT_EQ(refusal(ZarrFormat::V3, "zstd", -99, "",
                      R"([{"id": "delta", "dtype": "<i2"}])"),
              "the filters [{\"id\": \"delta\", \"dtype\": \"<i2\"}] need Zarr "
              "V2");
}

TEST(NewEncoding, spellsTypesOfOneByteAsTheDriverReadsThem)
{
    NewArray array = arrayOf(GDT_UInt8);
    array.path = "t";
    array.filters =
        *parseJson(R"([{"id": "delta", "dtype": "|u1", "astype": "|u1"}])");
    const auto documents =
        newDocuments(ZarrFormat::V2, false, {{"", Json::object()}}, {array});
    ASSERT_TRUE(documents);
    EXPECT_EQ(dumpJson((*parseJson(documents->at("t/.zarray")))["filters"], -1),
              R"([{"id": "delta", "dtype": "u1", "astype": "u1"}])");
}

}  // namespace
}  // namespace mdimappend
