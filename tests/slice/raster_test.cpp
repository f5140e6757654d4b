// Classic rasters as slices.

#include "slice/slice_test_support.h"

#include <gmock/gmock.h>
#include <ogr_spatialref.h>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using testing::ElementsAre;
using testing::HasSubstr;

class RasterSlice : public SliceTest
{
  protected:
    GDALDatasetUniquePtr make(const std::string &name, int epsg, int bands = 1)
    {
        GDALDatasetUniquePtr dataset(driver("GTiff").Create(
            path(name).c_str(), 4, 3, bands, GDT_Int16, nullptr));
        if (epsg)
        {
            OGRSpatialReference crs;
            crs.importFromEPSG(epsg);
            dataset->SetSpatialRef(&crs);
        }
        std::vector<std::int16_t> values(12);
        for (int band = 1; band <= bands; ++band)
        {
            std::iota(values.begin(), values.end(), std::int16_t(100 * band));
            EXPECT_EQ(dataset->GetRasterBand(band)->RasterIO(
                          GF_Write, 0, 0, 4, 3, values.data(), 4, 3, GDT_Int16,
                          0, 0, nullptr),
                      CE_None);
        }
        return dataset;
    }

    SliceRequest request(const std::string &name)
    {
        SliceRequest asked;
        asked.name = path(name);
        asked.label = "2020-01-31";
        return asked;
    }
};

TEST_F(RasterSlice, isAnArrayPerBandWithTheAppendDimensionInFront)
{
    auto dataset = make("a.tif", 0, 2);
    dataset->GetRasterBand(2)->SetDescription("near/infrared");
    dataset.reset();
    const auto slice = mustOpen(request("a.tif"));
    EXPECT_EQ(slice->appendDim(), "time");
    EXPECT_EQ(slice->size(), 1u);
    ASSERT_TRUE(slice->givenLabel());
    EXPECT_EQ(slice->givenLabel()->text, "2020-01-31");
    ASSERT_EQ(slice->arrays().size(), 2u);
    EXPECT_THAT(arrayOf(*slice, "band1").dimensions,
                ElementsAre("time", "y", "x"));
    EXPECT_THAT(arrayOf(*slice, "band1").shape, ElementsAre(1u, 3u, 4u));
    EXPECT_EQ(arrayOf(*slice, "near_infrared").attributes["long_name"],
              "near/infrared");
    EXPECT_EQ(valuesOf(*slice, "near_infrared")[11], 211);
}

TEST_F(RasterSlice, hasPixelCentresAndTheCrs)
{
    auto dataset = make("a.tif", 32633);
    dataset->SetGeoTransform(GDALGeoTransform(500000, 10, 0, 5000000, 0, -10));
    dataset.reset();
    const auto slice = mustOpen(request("a.tif"));
    EXPECT_THAT(valuesOf(*slice, "x"),
                ElementsAre(500005, 500015, 500025, 500035));
    EXPECT_THAT(valuesOf(*slice, "y"), ElementsAre(4999995, 4999985, 4999975));
    EXPECT_THAT(arrayOf(*slice, "x").dimensions, ElementsAre("x"));
    const Json &x = arrayOf(*slice, "x").attributes;
    EXPECT_EQ(x["standard_name"], "projection_x_coordinate");
    EXPECT_EQ(x["units"], "m");
    EXPECT_EQ(x["axis"], "X");
    EXPECT_EQ(arrayOf(*slice, "band1").attributes["grid_mapping"],
              "spatial_ref");
    const SliceArray mapping = arrayOf(*slice, "spatial_ref");
    EXPECT_TRUE(mapping.dimensions.empty());
    EXPECT_EQ(mapping.attributes["grid_mapping_name"], "transverse_mercator");
    EXPECT_EQ(mapping.attributes["GeoTransform"],
              "500000.0 10.0 0.0 5000000.0 0.0 -10.0");
    EXPECT_THAT(mapping.attributes["crs_wkt"].get<std::string>(),
                testing::StartsWith("PROJCRS["));
    EXPECT_EQ(slice->arrays().front().name, "spatial_ref");
}

TEST_F(RasterSlice, callsGeographicCoordinatesLongitudeAndLatitude)
{
    auto dataset = make("a.tif", 4326);
    dataset->SetGeoTransform(GDALGeoTransform(10, 1, 0, 50, 0, -1));
    dataset.reset();
    const auto slice = mustOpen(request("a.tif"));
    const Json &y = arrayOf(*slice, "y").attributes;
    EXPECT_EQ(y["standard_name"], "latitude");
    EXPECT_EQ(y["units"], "degrees_north");
    EXPECT_EQ(arrayOf(*slice, "x").units, "degrees_east");
}

TEST_F(RasterSlice, hasNoCoordinatesIfRotated)
{
    auto dataset = make("a.tif", 32633);
    dataset->SetGeoTransform(GDALGeoTransform(0, 10, 1, 0, 1, -10));
    dataset.reset();
    const auto slice = mustOpen(request("a.tif"));
    EXPECT_EQ(find(*slice, "x"), nullptr);
    EXPECT_EQ(arrayOf(*slice, "spatial_ref").attributes["GeoTransform"],
              "0.0 10.0 1.0 0.0 1.0 -10.0");
}

TEST_F(RasterSlice, keepsPackingNodataUnitAndMetadata)
{
    auto dataset = make("a.tif", 0);
    GDALRasterBand &band = *dataset->GetRasterBand(1);
    band.SetNoDataValue(-999);
    band.SetScale(0.5);
    band.SetOffset(3);
    band.SetUnitType("K");
    band.SetMetadataItem("wavelength", "665");
    band.SetMetadataItem("STATISTICS_MEAN", "1");
    dataset->SetMetadataItem("MISSION", "caf\xe9");
    dataset.reset();
    const auto slice = mustOpen(request("a.tif"));
    const SliceArray array = arrayOf(*slice, "band1");
    EXPECT_EQ(elementAs<std::int16_t>(array.missingValue), -999);
    EXPECT_EQ(array.scale, 0.5);
    EXPECT_EQ(array.offset, 3);
    EXPECT_EQ(array.attributes,
              Json::parse(R"({"wavelength": "665", "units": "K"})"));
    EXPECT_EQ(slice->attributes()["MISSION"], "caf\xc3\xa9");
}

TEST_F(RasterSlice, takesTheLabelFromNameOrMetadata)
{
    auto dataset = make("S2_20200131T060000.tif", 0);
    dataset->SetMetadataItem("TIFFTAG_DATETIME", "2021:02:03 04:05:06");
    dataset.reset();
    SliceRequest asked = request("S2_20200131T060000.tif");
    asked.label.reset();
    asked.labelFrom = "name:S2_%Y%m%dT%H%M%S.tif";
    EXPECT_EQ(mustOpen(asked)->givenLabel()->text, "2020-01-31T06:00:00");
    asked.labelFrom = "metadata:TIFFTAG_DATETIME";
    EXPECT_EQ(mustOpen(asked)->givenLabel()->text, "2021-02-03T04:05:06");
    asked.labelFrom = "metadata:ABSENT";
    EXPECT_EQ(Slice::open(asked).status().kind(), Failure::Refused);
    asked.labelFrom = "elsewhere";
    EXPECT_EQ(Slice::open(asked).status().kind(), Failure::Usage);
}

TEST_F(RasterSlice, needsALabel)
{
    make("a.tif", 0).reset();
    SliceRequest asked = request("a.tif");
    asked.label.reset();
    const auto slice = Slice::open(asked);
    ASSERT_FALSE(slice);
    EXPECT_EQ(slice.status().kind(), Failure::Refused);
    EXPECT_THAT(slice.status().message(), HasSubstr("y (3), x (4)"));
}

TEST_F(RasterSlice, refusesAMaskThatWouldBeLost)
{
    auto dataset = make("a.tif", 0);
    CPLConfigOptionSetter internal("GDAL_TIFF_INTERNAL_MASK", "YES", false);
    dataset->CreateMaskBand(GMF_PER_DATASET);
    dataset.reset();
    const auto slice = Slice::open(request("a.tif"));
    ASSERT_FALSE(slice);
    EXPECT_THAT(slice.status().message(), HasSubstr("mask"));
}

TEST_F(RasterSlice, refusesComplexIntegersByName)
{
    GDALDatasetUniquePtr(driver("GTiff").Create(path("a.tif").c_str(), 2, 2, 1,
                                                GDT_CInt16, nullptr))
        .reset();
    SliceRequest asked = request("a.tif");
    const auto slice = Slice::open(asked);
    ASSERT_FALSE(slice);
    EXPECT_THAT(
        slice.status().message(),
        testing::AllOf(HasSubstr("array 'band1'"), HasSubstr("CInt16")));
    asked.excludedArrays = {"band1"};
    EXPECT_THAT(Slice::open(asked).status().message(),
                HasSubstr("has no data arrays"));
}

TEST_F(RasterSlice, reportsATruncatedFileAsUnavailable)
{
    make("a.tif", 32633).reset();
    std::filesystem::resize_file(path("a.tif"), 200);
    const auto slice = Slice::open(request("a.tif"));
    ASSERT_FALSE(slice);
    EXPECT_EQ(slice.status().kind(), Failure::Unavailable);
}

TEST_F(RasterSlice, reportsAFailedReadAsUnavailable)
{
    GDALDatasetUniquePtr dataset(driver("GTiff").Create(
        path("a.tif").c_str(), 512, 512, 1, GDT_Byte, nullptr));
    dataset->GetRasterBand(1)->Fill(7);
    dataset.reset();
    std::filesystem::resize_file(path("a.tif"), 100000);
    const auto slice = mustOpen(request("a.tif"));
    const auto reader = slice->reader();
    std::vector<GByte> values(512 * 512);
    const std::vector<std::uint64_t> start{0, 0, 0};
    const auto status =
        (*reader)->read(0, start, slice->arrays()[0].shape, values.data());
    ASSERT_FALSE(status);
    EXPECT_EQ(status.kind(), Failure::Unavailable);
    EXPECT_THAT(status.message(), HasSubstr("array 'band1': read failed"));
}

}  // namespace
}  // namespace mdimappend
