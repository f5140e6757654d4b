// A shard in which there is nothing, as other implementations see it.

#include "zarr/empty_shard.h"

#include <gdal_priv.h>
#include <gtest/gtest.h>

#include <numeric>

namespace mdimappend
{
namespace
{

std::string document(const std::string &indexCodecs)
{
    return R"({"zarr_format": 3, "node_type": "array", "shape": [4, 6],
"data_type": "int16", "chunk_grid": {"name": "regular",
"configuration": {"chunk_shape": [4, 6]}}, "chunk_key_encoding":
{"name": "default", "configuration": {"separator": "/"}}, "fill_value": 7,
"codecs": [{"name": "sharding_indexed", "configuration": {"chunk_shape": [2, 3],
"codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
"index_codecs": )" +
           indexCodecs +
           R"(, "index_location": "end"}}], "attributes": {},
"dimension_names": ["y", "x"]})";
}

const std::string withChecksum =
    R"([{"name": "bytes", "configuration": {"endian": "little"}},
{"name": "crc32c"}])";

void put(const std::string &path, const std::string &bytes)
{
    auto *file = VSIFOpenL(path.c_str(), "wb");
    ASSERT_TRUE(file);
    EXPECT_EQ(VSIFWriteL(bytes.data(), 1, bytes.size(), file), bytes.size());
    EXPECT_EQ(VSIFCloseL(file), 0);
}

TEST(EmptyShard, isReadAsFillByGdal)
{
    GDALAllRegister();
    const auto text = document(withChecksum);
    const auto parsed = parseArrayV3("a", text);
    ASSERT_TRUE(parsed) << parsed.status().message();
    const auto shard = emptyShard(*parsed);
    ASSERT_TRUE(shard);
    EXPECT_EQ(shard->size(), 4U * 16 + 4);
    const std::string folder = "/vsimem/empty_shard.zarr";
    put(folder + "/zarr.json", text);
    put(folder + "/c/0/0", *shard);
    const std::unique_ptr<GDALDataset> dataset(
        GDALDataset::Open(folder.c_str(), GDAL_OF_MULTIDIM_RASTER));
    ASSERT_TRUE(dataset);
    const auto root = dataset->GetRootGroup();
    const auto array = root->OpenMDArray(root->GetMDArrayNames().front());
    ASSERT_TRUE(array);
    std::vector<std::int16_t> values(24, 0);
    const GUInt64 start[] = {0, 0};
    const std::size_t count[] = {4, 6};
    ASSERT_TRUE(array->Read(start, count, nullptr, nullptr,
                            GDALExtendedDataType::Create(GDT_Int16),
                            values.data()));
    EXPECT_EQ(values, std::vector<std::int16_t>(24, 7));
    VSIRmdirRecursive(folder.c_str());
}

TEST(EmptyShard, hasNoChecksumIfTheIndexHasNone)
{
    const auto parsed = parseArrayV3(
        "a",
        document(R"([{"name": "bytes", "configuration": {"endian": "big"}}])"));
    ASSERT_TRUE(parsed);
    const auto shard = emptyShard(*parsed);
    ASSERT_TRUE(shard);
    EXPECT_EQ(*shard, std::string(4U * 16, '\xFF'));
}

TEST(EmptyShard, cannotBeMadeIfTheIndexIsCompressed)
{
    auto parsed = parseArrayV3("a", document(withChecksum));
    ASSERT_TRUE(parsed);
    parsed->metadata["codecs"][0]["configuration"]["index_codecs"].push_back(
        {{"name", "gzip"}});
    EXPECT_FALSE(emptyShard(*parsed));
}

}  // namespace
}  // namespace mdimappend
