// Arrays and dimensions under the target's names.

#include "slice/slice_test_support.h"

#include <gmock/gmock.h>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SliceRenamed : public SliceTest
{
  protected:
    GDALDatasetUniquePtr dataset;
    std::shared_ptr<GDALGroup> root;

    /// What an ocean model writes: sst(valid_time, latitude, longitude) with
    /// bounds, a grid mapping, a quality array, and a dimension without array.
    void SetUp() override
    {
        SliceTest::SetUp();
        dataset.reset(
            driver("MEM").CreateMultiDimensional("memory", nullptr, nullptr));
        root = dataset->GetRootGroup();
        const auto time = dimension("valid_time", 2);
        const auto latitude = dimension("latitude", 2);
        const auto longitude = dimension("longitude", 3);
        const auto bounds = dimension("bnds", 2);
        setText(*root, "coordinates", "reftime");
        auto array = makeArray(*root, "valid_time", {time});
        setText(*array, "units", "days since 2000-01-01");
        setText(*array, "bounds", "valid_time_bnds");
        fill(*array, 10);
        fill(*makeArray(*root, "valid_time_bnds", {time, bounds}));
        fill(*makeArray(*root, "latitude", {latitude}));
        fill(*makeArray(*root, "longitude", {longitude}));
        makeArray(*root, "crs", {}, GDT_Int32);
        makeArray(*root, "reftime", {});
        makeArray(*root, "quality", {time, latitude, longitude}, GDT_UInt8);
        makeArray(*root, "area", {latitude, longitude});
        array = makeArray(*root, "sst", {time, latitude, longitude});
        setText(*array, "grid_mapping", "crs: longitude latitude");
        setText(*array, "coordinates", "reftime  latitude");
        setText(*array, "ancillary_variables", "quality");
        setText(*array, "cell_measures", "area: area");
        setText(*array, "cell_methods",
                "latitude: longitude: mean (latitude: weights) area: mean "
                "reftime: point");
        setText(*array, "formula_terms", "crs: crs latitude: area");
        setText(*array, "long_name", "latitude of sst");
        fill(*array);
    }

    std::shared_ptr<GDALDimension> dimension(const std::string &name,
                                             GUInt64 size)
    {
        return root->CreateDimension(name, "", "", size);
    }

    SliceRequest request(std::map<std::string, std::string> names)
    {
        SliceRequest asked;
        asked.name = "memory";
        asked.dataset = dataset.get();
        asked.appendDim = "time";
        names.emplace("valid_time", "time");
        asked.renamedArrays = std::move(names);
        return asked;
    }

    static std::string text(const Slice &slice, const std::string &array,
                            const char *attribute)
    {
        return arrayOf(slice, array).attributes.value(attribute, "none");
    }

    static std::string failure(const SliceRequest &asked, Failure kind)
    {
        const auto slice = Slice::open(asked);
        if (slice)
            return "";
        EXPECT_EQ(slice.status().kind(), kind);
        return slice.status().message();
    }
};

TEST_F(SliceRenamed, coordinatesTakeTheirDimensionsAlong)
{
    const auto slice =
        mustOpen(request({{"latitude", "lat"}, {"longitude", "lon"}}));
    EXPECT_EQ(slice->appendDim(), "time");
    EXPECT_EQ(slice->size(), 2u);
    EXPECT_TRUE(arrayOf(*slice, "time").labels);
    EXPECT_THAT(arrayOf(*slice, "lat").dimensions, ElementsAre("lat"));
    EXPECT_THAT(arrayOf(*slice, "sst").dimensions,
                ElementsAre("time", "lat", "lon"));
    EXPECT_THAT(arrayOf(*slice, "valid_time_bnds").dimensions,
                ElementsAre("time", "bnds"));
    EXPECT_EQ(find(*slice, "latitude"), nullptr);
    EXPECT_THAT(valuesOf(*slice, "time"), ElementsAre(10, 11));
}

TEST_F(SliceRenamed, cfAttributesReferToTheNewNames)
{
    const auto slice = mustOpen(request({{"latitude", "lat"},
                                         {"longitude", "lon"},
                                         {"valid_time_bnds", "time_bnds"},
                                         {"crs", "spatial_ref"},
                                         {"quality", "flags"},
                                         {"reftime", "forecast_time"},
                                         {"area", "cell_area"}}));
    EXPECT_EQ(text(*slice, "time", "bounds"), "time_bnds");
    EXPECT_EQ(text(*slice, "sst", "grid_mapping"), "spatial_ref: lon lat");
    EXPECT_EQ(text(*slice, "sst", "coordinates"), "forecast_time  lat");
    EXPECT_EQ(text(*slice, "sst", "ancillary_variables"), "flags");
    EXPECT_EQ(text(*slice, "sst", "cell_measures"), "area: cell_area");
    EXPECT_EQ(text(*slice, "sst", "cell_methods"),
              "lat: lon: mean (latitude: weights) area: mean forecast_time: "
              "point");
    EXPECT_EQ(text(*slice, "sst", "formula_terms"),
              "crs: spatial_ref latitude: cell_area");
    EXPECT_EQ(text(*slice, "sst", "long_name"), "latitude of sst");
    EXPECT_EQ(slice->attributes()["coordinates"], "forecast_time");
}

TEST_F(SliceRenamed, dimensionsWithoutArraysAreRenamedToo)
{
    const auto slice = mustOpen(request({{"bnds", "nv"}}));
    EXPECT_THAT(arrayOf(*slice, "valid_time_bnds").dimensions,
                ElementsAre("time", "nv"));
}

TEST_F(SliceRenamed, dimensionsKeepTheirNameIfTheArrayIsSomethingElse)
{
    makeArray(*root, "bnds", {dimension("other", 4)});
    const auto slice = mustOpen(request({{"bnds", "nv"}}));
    EXPECT_THAT(arrayOf(*slice, "valid_time_bnds").dimensions,
                ElementsAre("time", "bnds"));
    EXPECT_THAT(arrayOf(*slice, "nv").dimensions, ElementsAre("other"));
}

TEST_F(SliceRenamed, namesMayBeSwapped)
{
    const auto slice = mustOpen(
        request({{"latitude", "longitude"}, {"longitude", "latitude"}}));
    EXPECT_THAT(arrayOf(*slice, "sst").dimensions,
                ElementsAre("time", "longitude", "latitude"));
    EXPECT_THAT(valuesOf(*slice, "latitude"), ElementsAre(0, 1, 2));
}

TEST_F(SliceRenamed, arraysAreSelectedByTheSlicesOwnNames)
{
    SliceRequest asked = request({{"sst", "temperature"}, {"quality", "q"}});
    asked.arrays = {"sst"};
    asked.excludedArrays = {"area"};
    const auto slice = mustOpen(asked);
    std::vector<std::string> names;
    for (const SliceArray &array : slice->arrays())
        names.push_back(array.name);
    EXPECT_THAT(names, UnorderedElementsAre("temperature", "time",
                                            "valid_time_bnds", "latitude",
                                            "longitude", "crs", "reftime"));
    asked.arrays = {"temperature"};
    EXPECT_THAT(failure(asked, Failure::Refused),
                HasSubstr("has no array 'temperature'"));
}

TEST_F(SliceRenamed, aScalarBecomesTheLabelUnderItsNewName)
{
    SliceRequest asked = request({{"reftime", "run"}});
    asked.arrays = {"area"};
    asked.renamedArrays.erase("valid_time");
    asked.appendDim = "run";
    const auto slice = mustOpen(asked);
    EXPECT_TRUE(arrayOf(*slice, "run").labels);
    EXPECT_THAT(arrayOf(*slice, "area").dimensions,
                ElementsAre("run", "latitude", "longitude"));
}

TEST_F(SliceRenamed, whatIsCalledSoAlreadyStays)
{
    const auto slice =
        mustOpen(request({{"lat", "latitude"}, {"time", "valid_time"}}));
    EXPECT_TRUE(find(*slice, "latitude"));
    EXPECT_TRUE(arrayOf(*slice, "time").labels);
    EXPECT_THAT(slice->notRenamed(), testing::IsEmpty());
}

TEST_F(SliceRenamed, whatIsThereUnderNeitherNameIsTold)
{
    const auto slice = mustOpen(request({{"lat", "y"}}));
    EXPECT_THAT(slice->notRenamed(), ElementsAre("lat=y"));
}

TEST_F(SliceRenamed, oneOfSeveralNamesIsEnough)
{
    const auto slice =
        mustOpen(request({{"latitude", "lat"}, {"nav_lat", "lat"}}));
    EXPECT_THAT(arrayOf(*slice, "lat").dimensions, ElementsAre("lat"));
    EXPECT_THAT(failure(request({{"latitude", "lat"}, {"longitude", "lat"}}),
                        Failure::Refused),
                HasSubstr("would both have the name 'lat' (--rename)"));
}

TEST_F(SliceRenamed, anExcludedArrayNeedNotBeThere)
{
    SliceRequest asked = request({{"area", "cell_area"}});
    asked.excludedArrays = {"area"};
    EXPECT_TRUE(Slice::open(asked));
}

TEST_F(SliceRenamed, twoOfOneNameAreRefused)
{
    EXPECT_THAT(failure(request({{"sst", "area"}}), Failure::Refused),
                HasSubstr("its arrays 'area' and 'sst' would both have the "
                          "name 'area' (--rename)"));
    EXPECT_THAT(failure(request({{"bnds", "latitude"}}), Failure::Refused),
                HasSubstr("its dimensions "));
}

TEST_F(SliceRenamed, namesThatNoArrayCanHaveAreWrongUsage)
{
    for (const char *bad : {"", "a/b", ".zarray", "zarr.json", "\xff", "a\nb"})
        EXPECT_THAT(failure(request({{"sst", bad}}), Failure::Usage),
                    HasSubstr("cannot be the name of an array"))
            << bad;
}

TEST_F(SliceRenamed, bandsOfARasterHaveNamesOfTheirOwn)
{
    GDALDatasetUniquePtr raster(
        driver("MEM").Create("", 3, 2, 2, GDT_UInt8, nullptr));
    raster->GetRasterBand(2)->Fill(7);
    SliceRequest asked;
    asked.name = "raster";
    asked.dataset = raster.get();
    asked.appendDim = "time";
    asked.label = "2020-01-01";
    asked.renamedArrays = {{"band2", "ndvi"}, {"y", "lat"}};
    const auto slice = mustOpen(asked);
    EXPECT_THAT(arrayOf(*slice, "ndvi").dimensions,
                ElementsAre("time", "lat", "x"));
    EXPECT_EQ(valuesOf(*slice, "ndvi").front(), 7);
}

}  // namespace
}  // namespace mdimappend
