// netCDF files as slices.

#include "slice/slice_test_support.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <thread>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class NetcdfSlice : public SliceTest
{
  protected:
    struct File
    {
        GDALDatasetUniquePtr dataset;
        std::shared_ptr<GDALGroup> root;
    };

    File create(const std::string &name, const char *format = "NC4")
    {
        CPLStringList options;
        options.SetNameValue("FORMAT", format);
        File file;
        file.dataset.reset(driver("netCDF").CreateMultiDimensional(
            path(name).c_str(), nullptr, options.List()));
        file.root = file.dataset->GetRootGroup();
        return file;
    }

    /// Two instants of a 2 x 3 grid, as a model writes them.
    void writeGrid(const std::string &name, const char *format = "NC4")
    {
        File file = create(name, format);
        GDALGroup &root = *file.root;
        const auto time = root.CreateDimension("time", "", "", 2);
        const auto bnds = root.CreateDimension("bnds", "", "", 2);
        const auto lat = root.CreateDimension("lat", "", "", 2);
        const auto lon = root.CreateDimension("lon", "", "", 3);
        setText(root, "title", "a model");
        auto array = makeArray(root, "time", {time});
        array->SetUnit("days since 2000-01-01");
        setText(*array, "calendar", "noleap");
        setText(*array, "bounds", "time_bnds");
        fill(*array, 10);
        fill(*makeArray(root, "time_bnds", {time, bnds}));
        fill(*makeArray(root, "lat", {lat}, GDT_Float32));
        fill(*makeArray(root, "lon", {lon}, GDT_Float32));
        setText(*makeArray(root, "crs", {}, GDT_Int32), "grid_mapping_name",
                "latitude_longitude");
        array = makeArray(root, "sst", {time, lat, lon}, GDT_Int16);
        array->SetUnit("K");
        array->SetScale(0.01);
        array->SetOffset(5);
        array->SetNoDataValue(std::int64_t(-999));
        setText(*array, "grid_mapping", "crs");
        setNumber(*array, "missing_value", GDT_Int16, std::int16_t(-999));
        setNumber(*array, "quality", GDT_Float32,
                  std::numeric_limits<float>::quiet_NaN());
        fill(*array);
    }

    SliceRequest request(const std::string &name)
    {
        SliceRequest asked;
        asked.name = path(name);
        return asked;
    }
};

TEST_F(NetcdfSlice, hasAllArraysBoundsGridMappingAndScalarsIncluded)
{
    writeGrid("a.nc");
    const auto slice = mustOpen(request("a.nc"));
    std::vector<std::string> names;
    for (const SliceArray &array : slice->arrays())
        names.push_back(array.name);
    EXPECT_THAT(names, UnorderedElementsAre("time", "time_bnds", "lat", "lon",
                                            "crs", "sst"));
    EXPECT_EQ(slice->appendDim(), "time");
    EXPECT_EQ(slice->size(), 2u);
    EXPECT_FALSE(slice->givenLabel());
    EXPECT_EQ(slice->attributes()["title"], "a model");
    EXPECT_TRUE(arrayOf(*slice, "time").labels);
    EXPECT_FALSE(arrayOf(*slice, "time_bnds").labels);
    EXPECT_TRUE(arrayOf(*slice, "crs").shape.empty());
}

TEST_F(NetcdfSlice, keepsAttributesAndTakesPackingOut)
{
    writeGrid("a.nc");
    const auto slice = mustOpen(request("a.nc"));
    const SliceArray sst = arrayOf(*slice, "sst");
    EXPECT_EQ(sst.units, "K");
    EXPECT_EQ(sst.attributes["units"], "K");
    EXPECT_EQ(sst.attributes["grid_mapping"], "crs");
    EXPECT_EQ(sst.attributes["missing_value"], -999);
    EXPECT_TRUE(std::isnan(sst.attributes["quality"].get<double>()));
    for (const char *packing : {"_FillValue", "scale_factor", "add_offset"})
        EXPECT_FALSE(sst.attributes.contains(packing)) << packing;
    EXPECT_EQ(sst.scale, 0.01);
    EXPECT_EQ(sst.offset, 5);
    EXPECT_EQ(elementAs<std::int16_t>(sst.missingValue), -999);
    EXPECT_EQ(find(*slice, "spatial_ref"), nullptr);
    EXPECT_EQ(arrayOf(*slice, "time").attributes["calendar"], "noleap");
    EXPECT_EQ(arrayOf(*slice, "time").units, "days since 2000-01-01");
}

TEST_F(NetcdfSlice, readsBoxes)
{
    writeGrid("a.nc");
    const auto slice = mustOpen(request("a.nc"));
    EXPECT_THAT(valuesOf(*slice, "time"), ElementsAre(10, 11));
    auto reader = slice->reader();
    ASSERT_TRUE(reader);
    std::vector<std::int16_t> box(2);
    const std::vector<std::uint64_t> start{1, 0, 2};
    const std::vector<std::uint64_t> count{1, 2, 1};
    const std::size_t sst = numberOf(*slice, "sst");
    ASSERT_TRUE((*reader)->read(sst, start, count, box.data()));
    EXPECT_THAT(box, ElementsAre(8, 11));
    const std::vector<std::uint64_t> outside{2, 0, 2};
    EXPECT_FALSE((*reader)->read(sst, outside, count, box.data()));
}

TEST_F(NetcdfSlice, isReadByManyThreadsEachWithItsReader)
{
    writeGrid("a.nc");
    const auto slice = mustOpen(request("a.nc"));
    std::vector<int> good(4);
    std::vector<std::thread> threads;
    for (int &count : good)
        threads.emplace_back(
            [&]
            {
                for (int i = 0; i < 20; ++i)
                    count += valuesOf(*slice, "sst")[11] == 11;
            });
    for (std::thread &thread : threads)
        thread.join();
    EXPECT_THAT(good, testing::Each(20));
}

TEST_F(NetcdfSlice, keepsIntegersOf64BitsExact)
{
    {
        File file = create("a.nc");
        const auto time = file.root->CreateDimension("time", "", "", 1);
        auto array = makeArray(*file.root, "a", {time}, GDT_UInt64);
        array->SetNoDataValue(std::uint64_t(18446744073709551615u));
        setNumber(*array, "large", GDT_UInt64,
                  std::uint64_t(18446744073709551614u));
        setNumber(*array, "small", GDT_Int64, std::int64_t(-9007199254740993));
    }
    const SliceArray array = arrayOf(*mustOpen(request("a.nc")), "a");
    EXPECT_EQ(elementAs<std::uint64_t>(array.missingValue),
              18446744073709551615u);
    EXPECT_EQ(array.attributes["large"].get<std::uint64_t>(),
              18446744073709551614u);
    EXPECT_EQ(array.attributes["small"].get<std::int64_t>(), -9007199254740993);
}

TEST_F(NetcdfSlice, aMissingValueThatTheTypeDoesNotHoldIsNone)
{
    {
        File file = create("a.nc", "NC");
        const auto time = file.root->CreateDimension("time", "", "", 1);
        setNumber(*makeArray(*file.root, "single", {time}, GDT_Float32),
                  "missing_value", GDT_Float64, 1e20);
        setNumber(*makeArray(*file.root, "whole", {time}, GDT_Float32),
                  "missing_value", GDT_Float64, -999.0);
        setNumber(*makeArray(*file.root, "short", {time}, GDT_Int16),
                  "missing_value", GDT_Float64,
                  std::numeric_limits<double>::quiet_NaN());
    }
    const auto slice = mustOpen(request("a.nc"));
    EXPECT_FALSE(arrayOf(*slice, "single").missingValue);
    EXPECT_EQ(elementAs<float>(arrayOf(*slice, "whole").missingValue), -999);
    EXPECT_FALSE(arrayOf(*slice, "short").missingValue);
}

TEST_F(NetcdfSlice, readsStringsAsUtf8AndKnowsTheLongest)
{
    {
        File file = create("a.nc");
        const auto time = file.root->CreateDimension("time", "", "", 3);
        const auto array = file.root->CreateMDArray(
            "station", {time}, GDALExtendedDataType::CreateString());
        const char *const names[] = {"Z\xfcrich", "\xc3\x85s", ""};
        const GUInt64 start = 0;
        const std::size_t count = 3;
        ASSERT_TRUE(array->Write(&start, &count, nullptr, nullptr,
                                 array->GetDataType(), names));
    }
    const auto slice = mustOpen(request("a.nc"));
    EXPECT_EQ(arrayOf(*slice, "station").stringLength, 6u);
    auto reader = slice->reader();
    std::vector<char *> strings(3);
    const std::vector<std::uint64_t> start{0};
    const std::vector<std::uint64_t> count{3};
    ASSERT_TRUE((*reader)->read(0, start, count, strings.data()));
    EXPECT_STREQ(strings[0], "Z\xc3\xbcrich");
    EXPECT_STREQ(strings[1], "\xc3\x85s");
    EXPECT_STREQ(strings[2], "");
    for (char *text : strings)
        CPLFree(text);
}

TEST_F(NetcdfSlice, ofOneArrayHasItsCoordinatesToo)
{
    writeGrid("a.nc");
    for (const std::string quote : {"\"", ""})
    {
        SliceRequest asked;
        asked.name = "NETCDF:" + quote + path("a.nc") + quote + ":sst";
        EXPECT_EQ(mustOpen(asked)->arrays().size(), 6u);
        asked.name = "NETCDF:" + quote + path("a.nc") + quote + ":lat";
        asked.appendDim = "lat";
        EXPECT_EQ(mustOpen(asked)->arrays().size(), 1u);
        asked.name = "NETCDF:" + quote + path("a.nc") + quote + ":absent";
        EXPECT_THAT(Slice::open(asked).status().message(),
                    HasSubstr("has no array 'absent'"));
    }
}

TEST_F(NetcdfSlice, refusesAnEmptyDimensionByName)
{
    {
        File file = create("a.nc");
        const char *const unlimited[] = {"UNLIMITED=YES", nullptr};
        const auto time =
            file.root->CreateDimension("time", "", "", 0, unlimited);
        makeArray(*file.root, "sst", {time});
    }
    const auto slice = Slice::open(request("a.nc"));
    ASSERT_FALSE(slice);
    EXPECT_EQ(slice.status().kind(), Failure::Refused);
    EXPECT_THAT(slice.status().message(),
                HasSubstr("array 'sst': dimension 'time' has size 0"));
}

TEST_F(NetcdfSlice, cutOffIsUnavailableInEveryFormat)
{
    for (const char *format : {"NC", "NC2", "NC4"})
    {
        writeGrid("a.nc", format);
        ASSERT_NO_THROW(mustOpen(request("a.nc"))) << format;
        const auto size = std::filesystem::file_size(path("a.nc"));
        for (const auto left : {size / 10, size / 2, size - 5})
        {
            std::filesystem::resize_file(path("a.nc"), left);
            const auto slice = Slice::open(request("a.nc"));
            ASSERT_FALSE(slice) << format << " " << left;
            EXPECT_EQ(slice.status().kind(), Failure::Unavailable);
            writeGrid("a.nc", format);
        }
    }
}

TEST_F(NetcdfSlice, thatIsNotThereIsUnavailable)
{
    const auto slice = Slice::open(request("absent.nc"));
    ASSERT_FALSE(slice);
    EXPECT_EQ(slice.status().kind(), Failure::Unavailable);
    EXPECT_EQ(slice.status().message(),
              "slice '" + path("absent.nc") +
                  "' cannot be opened: " + path("absent.nc") +
                  ": No such file or directory. Nothing was written.");
}

TEST_F(NetcdfSlice, noticesThatTheFileChanged)
{
    writeGrid("a.nc");
    const auto slice = mustOpen(request("a.nc"));
    const std::string before = slice->fingerprint();
    EXPECT_FALSE(before.empty());
    EXPECT_EQ(slice->fingerprint(), before);
    std::filesystem::remove(path("a.nc"));
    writeGrid("a.nc");
    EXPECT_NE(slice->fingerprint(), before);
    const auto reader = slice->reader();
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.status().kind(), Failure::Unavailable);
}

TEST_F(NetcdfSlice, saysNothingOnStderr)
{
    testing::internal::CaptureStderr();
    write("text.nc", "hello");
    EXPECT_FALSE(Slice::open(request("text.nc")));
    EXPECT_FALSE(Slice::open(request("absent.nc")));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace mdimappend
