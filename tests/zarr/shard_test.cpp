// Shards as other implementations see them, and what is taken for one.

#include "zarr/shard.h"

#include <gdal_priv.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

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

std::optional<ShardLayout> layoutOf(const std::string &location)
{
    auto parsed = parseArrayV3("a", document(withChecksum));
    if (!parsed)
        return std::nullopt;
    parsed->metadata["codecs"][0]["configuration"]["index_location"] = location;
    return ShardLayout::of(*parsed);
}

TEST(Shard, isWholeIfEveryByteOfItsIndexIsRight)
{
    for (const char *location : {"start", "end"})
    {
        const auto layout = layoutOf(location);
        ASSERT_TRUE(layout);
        ShardObject made(*layout);
        made.add(2, "two");
        made.add(0, "zero");
        const std::string shard(made.finish());
        std::vector<std::string> seen;
        const auto note = [&](std::string_view inner)
        {
            seen.emplace_back(inner);
            return true;
        };
        EXPECT_TRUE(isWholeShard(*layout, shard, note)) << location;
        EXPECT_EQ(seen, (std::vector<std::string>{"zero", "two"}));
        const std::size_t first = layout->indexIsFirst ? 0 : shard.size() - 68;
        for (std::size_t i = first; i < first + 68; ++i)
        {
            auto wrong = shard;
            wrong[i] = static_cast<char>(wrong[i] ^ 4);
            EXPECT_FALSE(isWholeShard(*layout, wrong, note)) << location << i;
        }
        for (std::size_t size = 0; size < 68; ++size)
            EXPECT_FALSE(isWholeShard(*layout, shard.substr(0, size), note));
    }
}

TEST(Shard, isNotWholeIfAnInnerChunkIsOutsideOrNotWhole)
{
    auto layout = *layoutOf("end");
    layout.hasChecksum = false;
    ShardObject made(layout);
    made.add(3, "three");
    const std::string shard(made.finish());
    const auto any = [](std::string_view) { return true; };
    const auto none = [](std::string_view) { return false; };
    EXPECT_TRUE(isWholeShard(layout, shard, any));
    EXPECT_FALSE(isWholeShard(layout, shard, none));
    const auto offset = shard.size() - 16;
    for (const std::size_t at : {offset, offset + 7, offset + 8, offset + 15})
    {
        auto wrong = shard;
        wrong[at] = '\x7F';
        EXPECT_FALSE(isWholeShard(layout, wrong, any)) << at;
    }
}

TEST(Shard, isClearedForTheNextOne)
{
    const auto layout = *layoutOf("start");
    ShardObject made(layout);
    made.add(1, "one");
    made.finish();
    made.clear();
    EXPECT_EQ(made.finish(), ShardObject(layout).finish());
}

}  // namespace
}  // namespace mdimappend
