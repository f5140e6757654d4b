// Zarr stores and GRIB files as slices: where GDAL's drivers say less than the
// file does.

#include "slice/slice_test_support.h"

#include <gmock/gmock.h>
#include <ogr_spatialref.h>

#include <cmath>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using testing::ElementsAre;
using testing::HasSubstr;

class ZarrOrGribSlice : public SliceTest
{
  protected:
    void writeArrayV3(const std::string &name, const std::string &type,
                      const std::string &fill, const std::string &attributes)
    {
        write("a.zarr/" + name + "/zarr.json",
              R"({"zarr_format": 3, "node_type": "array", "shape": [2],
  "data_type": ")" +
                  type +
                  R"(", "chunk_grid": {"name": "regular",
  "configuration": {"chunk_shape": [2]}}, "chunk_key_encoding":
  {"name": "default", "configuration": {"separator": "/"}}, "fill_value": )" +
                  fill + R"(, "codecs": [{"name": "bytes", "configuration":
  {"endian": "little"}}], "dimension_names": ["time"], "attributes": )" +
                  attributes + "}");
    }

    void writeGrib(const std::string &name)
    {
        GDALDatasetUniquePtr memory(
            driver("MEM").Create("", 4, 3, 1, GDT_Float32, nullptr));
        memory->SetGeoTransform(GDALGeoTransform(0, 1, 0, 3, 0, -1));
        OGRSpatialReference crs;
        crs.importFromEPSG(4326);
        memory->SetSpatialRef(&crs);
        memory->GetRasterBand(1)->SetMetadataItem(
            "GRIB_IDS", "CENTER=98 REF_TIME=2020-01-31T06:00:00Z");
        memory->GetRasterBand(1)->Fill(280);
        CPLErrorHandlerPusher quiet(CPLQuietErrorHandler);
        GDALDatasetUniquePtr(
            driver("GRIB").CreateCopy(path(name).c_str(), memory.get(), false,
                                      nullptr, nullptr, nullptr));
    }

    SliceRequest request(const std::string &name)
    {
        SliceRequest asked;
        asked.name = path(name);
        return asked;
    }
};

TEST_F(ZarrOrGribSlice, zarrV3MissingValueIsWhatXarraySays)
{
    write("a.zarr/zarr.json", R"({"zarr_format": 3, "node_type": "group",
  "attributes": {"z": 1, "a": NaN}})");
    writeArrayV3("short", "int16", "0", R"({"_FillValue": -999})");
    writeArrayV3("single", "float32", "0.0",
                 R"({"_FillValue": "AAAAAAAA+H8=", "units": "K"})");
    writeArrayV3("padded", "int16", "0", "{}");
    writeArrayV3("gdal", "uint64", "9223372036854775807", "{}");
    const auto slice = mustOpen(request("a.zarr"));
    const auto missing = [&](const char *name)
    { return arrayOf(*slice, name).missingValue; };
    EXPECT_EQ(elementAs<std::int16_t>(missing("short")), -999);
    EXPECT_TRUE(std::isnan(elementAs<float>(missing("single"))));
    EXPECT_FALSE(missing("padded"));
    EXPECT_FALSE(missing("gdal"));
    EXPECT_EQ(slice->attributes().begin().key(), "z");
    EXPECT_TRUE(std::isnan(slice->attributes()["a"].get<double>()));
    EXPECT_FALSE(slice->fingerprint().empty());
}

TEST_F(ZarrOrGribSlice, zarrKeepsAttributesThatTheDriverHides)
{
    write("a.zarr/zarr.json", R"({"zarr_format": 3, "node_type": "group"})");
    const std::string attributes =
        R"({"standard_name":"time","units":"days since 2000-01-01","axis":"T",)"
        R"("nested":{"b":[1,2.0],"a":18446744073709551615}})";
    writeArrayV3("time", "int64", "0", attributes);
    const auto slice = mustOpen(request("a.zarr"));
    EXPECT_EQ(dumpJson(arrayOf(*slice, "time").attributes, -1),
              dumpJson(Json::parse(attributes), -1));
}

TEST_F(ZarrOrGribSlice, zarrArraysThatTheDriverOmitsAreRefusedByName)
{
    write("a.zarr/.zgroup", R"({"zarr_format": 2})");
    write("a.zarr/names/.zarray", R"({"zarr_format": 2, "shape": [2],
  "chunks": [2], "dtype": "|O", "fill_value": null, "order": "C",
  "compressor": null, "filters": [{"id": "vlen-utf8"}]})");
    write("a.zarr/names/.zattrs", R"({"_ARRAY_DIMENSIONS": ["time"]})");
    write("a.zarr/a/.zarray", R"({"zarr_format": 2, "shape": [2],
  "chunks": [2], "dtype": "<i2", "fill_value": -1, "order": "C",
  "compressor": null, "filters": null})");
    write("a.zarr/a/.zattrs", R"({"_ARRAY_DIMENSIONS": ["time"]})");
    SliceRequest asked = request("a.zarr");
    const auto slice = Slice::open(asked);
    ASSERT_FALSE(slice);
    EXPECT_THAT(slice.status().message(), HasSubstr("array 'names'"));
    asked.excludedArrays = {"names"};
    const auto rest = mustOpen(asked);
    EXPECT_EQ(elementAs<std::int16_t>(arrayOf(*rest, "a").missingValue), -1);
    EXPECT_EQ(arrayOf(*rest, "a").attributes, Json::object());
}

TEST_F(ZarrOrGribSlice, arraysWithoutDimensionNamesAreRefused)
{
    write("a.zarr/.zgroup", R"({"zarr_format": 2})");
    write("a.zarr/a/.zarray", R"({"zarr_format": 2, "shape": [2],
  "chunks": [2], "dtype": "<i2", "fill_value": -1, "order": "C",
  "compressor": null, "filters": null})");
    const auto slice = Slice::open(request("a.zarr"));
    ASSERT_FALSE(slice);
    EXPECT_THAT(slice.status().message(),
                HasSubstr("array 'a': its dimensions have no names"));
}

TEST_F(ZarrOrGribSlice, gdalsCrsBecomesAGridMapping)
{
    {
        GDALDatasetUniquePtr dataset(driver("Zarr").CreateMultiDimensional(
            path("a.zarr").c_str(), nullptr, nullptr));
        const auto root = dataset->GetRootGroup();
        const auto time = root->CreateDimension("time", "", "", 1);
        const auto y = root->CreateDimension("y", "", "", 2);
        const auto x = root->CreateDimension("x", "", "", 2);
        const auto array = makeArray(*root, "a", {time, y, x});
        OGRSpatialReference crs;
        crs.importFromEPSG(3035);
        array->SetSpatialRef(&crs);
    }
    const auto slice = mustOpen(request("a.zarr"));
    EXPECT_EQ(arrayOf(*slice, "a").attributes,
              Json::parse(R"({"grid_mapping": "spatial_ref"})"));
    EXPECT_EQ(slice->arrays().front().name, "spatial_ref");
    EXPECT_EQ(slice->arrays().front().attributes["grid_mapping_name"],
              "lambert_azimuthal_equal_area");
}

TEST_F(ZarrOrGribSlice, gribOfOneInstantHasItsValidityTimeAsLabel)
{
    writeGrib("a.grb2");
    const auto slice = mustOpen(request("a.grb2"));
    EXPECT_EQ(slice->appendDim(), "time");
    EXPECT_EQ(slice->size(), 1u);
    EXPECT_THAT(valuesOf(*slice, "time"), ElementsAre(1580450400));
    EXPECT_EQ(arrayOf(*slice, "time").units,
              "seconds since 1970-01-01 00:00:00");
    EXPECT_EQ(arrayOf(*slice, "y").units, "degrees_north");
    for (const SliceArray &array : slice->arrays())
        EXPECT_TRUE(array.dimensions.size() < 2 ||
                    array.dimensions ==
                        std::vector<std::string>({"time", "y", "x"}));
}

TEST_F(ZarrOrGribSlice, gribTakesAGivenLabelInstead)
{
    writeGrib("a.grb2");
    SliceRequest asked = request("a.grb2");
    asked.label = "2021-01-01";
    const auto slice = mustOpen(asked);
    EXPECT_EQ(slice->givenLabel()->text, "2021-01-01");
    EXPECT_EQ(find(*slice, "time"), nullptr);
}

TEST_F(ZarrOrGribSlice, damagedChunksAreUnavailable)
{
    write("a.zarr/zarr.json", R"({"zarr_format": 3, "node_type": "group"})");
    writeArrayV3("a", "int16", "0", "{}");
    write("a.zarr/a/c/0", "x");
    const auto slice = mustOpen(request("a.zarr"));
    EXPECT_THROW(valuesOf(*slice, "a"), std::runtime_error);
}

}  // namespace
}  // namespace mdimappend
