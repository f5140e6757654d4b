// Makes arrays of a classic raster: one per band, with dimensions y and x, and
// the coordinates of pixel centres where the raster is not rotated.

#include "slice/attributes_json.h"
#include "slice/crs_attributes.h"
#include "slice/missing_value.h"
#include "slice/slice_source.h"

#include <set>

namespace mdimappend
{

namespace
{

Json metadataToJson(GDALMajorObject &object)
{
    Json attributes = Json::object();
    for (CSLConstList item = object.GetMetadata(); item && *item; ++item)
        // Statistics are those of one slice, not of the cube.
        if (!STARTS_WITH_CI(*item, "STATISTICS_"))
        {
            const auto [key, value] = keyAndValue(*item);
            attributes[validUtf8(key)] = validUtf8(value);
        }
    return attributes;
}

/// A band's description if it is one that no other band has, else "band1", ...
std::vector<std::string> bandNames(GDALDataset &dataset)
{
    std::vector<std::string> names;
    std::multiset<std::string> descriptions{"y", "x", "spatial_ref"};
    for (auto *band : dataset.GetBands())
        descriptions.insert(validKey(validUtf8(band->GetDescription())));
    for (auto *band : dataset.GetBands())
    {
        const std::string description = validUtf8(band->GetDescription());
        const std::string key = validKey(description);
        names.push_back(description.empty() || descriptions.count(key) > 1
                            ? "band" + std::to_string(band->GetBand())
                            : key);
    }
    return names;
}

/// A mask that is neither nodata nor a band of its own would be lost.
Status checkMask(GDALRasterBand &band, const std::string &name)
{
    const int flags = band.GetMaskFlags();
    if ((flags & (GMF_ALL_VALID | GMF_NODATA | GMF_ALPHA)) != 0)
        return Status::ok();
    return refused("array '" + name +
                   "': the raster has a mask, which would be lost. Give its "
                   "bands a nodata value instead.");
}

SourceArray bandArray(GDALRasterBand &band, const std::string &name)
{
    SourceArray source;
    source.origin = SourceArray::Origin::Band;
    source.band = band.GetBand();
    SliceArray &array = source.array;
    array.name = name;
    array.dimensions = {"y", "x"};
    const auto asArray = band.AsMDArray();
    for (const auto &dimension : asArray->GetDimensions())
        array.shape.push_back(dimension->GetSize());
    for (GUInt64 size : asArray->GetBlockSize())
        array.block.push_back(size);
    source.problem = checkStorable(name, asArray->GetDataType());
    if (source.problem)
        source.problem = checkMask(band, name);
    array.type = nativeType(asArray->GetDataType());
    array.attributes = metadataToJson(band);
    const std::string description = validUtf8(band.GetDescription());
    if (!description.empty() && description != name)
        array.attributes["long_name"] = description;
    setMissing(array, missingValuesOf(*asArray, array.attributes));
    array.hasColours = band.GetColorTable() != nullptr;
    int has = FALSE;
    if (const double scale = band.GetScale(&has); has)
        array.scale = scale;
    if (const double offset = band.GetOffset(&has); has)
        array.offset = offset;
    array.units = validUtf8(band.GetUnitType());
    if (!array.units.empty())
        array.attributes["units"] = array.units;
    return source;
}

SourceArray coordinateArray(const OGRSpatialReference *crs, bool alongX,
                            double origin, double step, int size)
{
    SourceArray source;
    SliceArray &array = source.array;
    array.name = alongX ? "x" : "y";
    array.dimensions = {array.name};
    array.shape = {static_cast<std::uint64_t>(size)};
    array.block = array.shape;
    array.type = GDALExtendedDataType::Create(GDT_Float64);
    array.attributes = coordinateAttributes(crs, alongX);
    array.units = array.attributes.value("units", std::string());
    for (int i = 0; i < size; ++i)
    {
        const double centre = origin + (i + 0.5) * step;
        source.bytes.append(reinterpret_cast<const char *>(&centre),
                            sizeof centre);
    }
    return source;
}

void addGeoreferencing(SourceContents &contents, GDALDataset &dataset)
{
    const OGRSpatialReference *crs = dataset.GetSpatialRef();
    GDALGeoTransform transform;
    std::optional<GDALGeoTransform> known;
    if (dataset.GetGeoTransform(transform) == CE_None)
        known = transform;
    const bool rotated =
        known && (transform.xrot != 0.0 || transform.yrot != 0.0);
    if (crs || rotated)
    {
        const std::string mapping =
            addGridMapping(contents, gridMappingAttributes(crs, known));
        for (SourceArray &source : contents.arrays)
            if (source.origin == SourceArray::Origin::Band)
                source.array.attributes["grid_mapping"] = mapping;
    }
    if (!known || rotated)
        return;
    contents.arrays.push_back(coordinateArray(crs, false, transform.yorig,
                                              transform.yscale,
                                              dataset.GetRasterYSize()));
    contents.arrays.push_back(coordinateArray(crs, true, transform.xorig,
                                              transform.xscale,
                                              dataset.GetRasterXSize()));
}

}  // namespace

Result<SourceContents> rasterContents(const SourceDataset &source,
                                      const SliceRequest &request)
{
    GDALDataset &dataset = *source.dataset;
    if (dataset.GetRasterCount() == 0)
    {
        const CPLStringList subdatasets(
            CSLDuplicate(dataset.GetMetadata("SUBDATASETS")));
        return refused(subdatasets.empty()
                           ? "has no arrays and no raster bands."
                           : "has no arrays, only subdatasets: name one, for "
                             "example " +
                                 std::string(subdatasets.FetchNameValueDef(
                                     "SUBDATASET_1_NAME", "?")) +
                                 ".");
    }
    SourceContents contents;
    const std::vector<std::string> names = bandNames(dataset);
    for (auto *band : dataset.GetBands())
    {
        SourceArray described = bandArray(*band, names[band->GetBand() - 1]);
        if (!isExcluded(request, described.array.name))
            contents.arrays.push_back(std::move(described));
    }
    addGeoreferencing(contents, dataset);
    contents.attributes = metadataToJson(dataset);
    MDIMAPPEND_RETURN_IF_ERROR(selectArrays(contents, request));
    return contents;
}

}  // namespace mdimappend
