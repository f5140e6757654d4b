// Lists the arrays of what GDAL opens as multidimensional: also coordinates
// that a driver has but does not list, and CRSs that only GDAL knows of.

#include "slice/attributes_json.h"
#include "slice/char_arrays.h"
#include "slice/crs_attributes.h"
#include "slice/gdal_messages.h"
#include "slice/gdal_strings.h"
#include "slice/grib_slice.h"
#include "slice/group_arrays.h"
#include "slice/group_list.h"
#include "slice/hdf5_groups.h"
#include "slice/inherited_arrays.h"
#include "slice/multidim_array.h"
#include "slice/slice_source.h"
#include "slice/zarr_fetch.h"
#include "slice/zarr_slice.h"

namespace mdimappend
{

namespace
{

/// Whether a dimension is one of time by more than a guess. The netCDF driver
/// takes the n-th name of `coordinates` for the indexing variable of the n-th
/// dimension: only one that lies along the dimension can say what it is.
bool isTemporal(const GDALDimension &dimension)
{
    if (dimension.GetType() != GDAL_DIM_TYPE_TEMPORAL)
        return false;
    const auto variable = dimension.GetIndexingVariable();
    return !variable ||
           (variable->GetDimensionCount() == 1 &&
            variable->GetDimensions()[0]->GetName() == dimension.GetName());
}

bool hasGridMapping(SourceContents &contents, const SliceArray &array)
{
    const auto mapping = textMember(array.attributes, "grid_mapping");
    return !mapping.empty() && contents.find(firstName(mapping));
}

struct SpatialAxes
{
    std::size_t x;
    std::size_t y;
};

SpatialAxes spatialAxes(const GDALMDArray &array)
{
    const auto &dimensions = array.GetDimensions();
    SpatialAxes axes{dimensions.size() - 1, dimensions.size() - 2};
    for (std::size_t i = 0; i < dimensions.size(); ++i)
    {
        if (dimensions[i]->GetType() == GDAL_DIM_TYPE_HORIZONTAL_X)
            axes.x = i;
        if (dimensions[i]->GetType() == GDAL_DIM_TYPE_HORIZONTAL_Y)
            axes.y = i;
    }
    return axes;
}

/// Puts a CRS that only GDAL knows of into an array of its own.
void addCrs(SourceContents &contents, const std::string &name,
            const GDALMDArray &array)
{
    if (array.GetDimensionCount() < 2)
        return;
    const auto crs = array.GetSpatialRef();
    if (!crs || hasGridMapping(contents, contents.find(name)->array))
        return;
    const SpatialAxes axes = spatialAxes(array);
    GDALGeoTransform transform;
    const bool regular =
        axes.x != axes.y &&
        array.GuessGeoTransform(axes.x, axes.y, false, transform);
    const std::string mapping = addGridMapping(
        contents,
        gridMappingAttributes(crs.get(), regular ? std::optional(transform)
                                                 : std::nullopt));
    contents.find(name)->array.attributes["grid_mapping"] = mapping;
}

Status addArrays(SourceContents &contents, const MultidimSource &source,
                 const SliceRequest &request)
{
    const char *const showAll[] = {"SHOW_ALL=YES", nullptr};
    const GDALGroup &own = source.group.own();
    OpenedArrays opened;
    for (const std::string &name : own.GetMDArrayNames(showAll))
    {
        // Those of GRIB are put together, and named, below.
        if (source.driver != "GRIB" && isExcluded(request, validKey(name)))
            continue;
        const auto key = source.group.keyOf(source.group.level(), name);
        GdalMessages messages;
        const auto array = own.OpenMDArray(name);
        // It is described with those that are not listed.
        if (!array && source.zarr && !source.zarr->emptyDimension(key).empty())
            continue;
        if (!array)
            return cannotOpen(name, messages);
        if (isOnlyDimension(*array) || isOfGroupAbove(source, key, *array))
            continue;
        MDIMAPPEND_RETURN_IF_ERROR(checkStillThere(source, key, *array));
        SourceArray described = describeArray(source, key, *array);
        for (const auto &dimension : array->GetDimensions())
            if (isTemporal(*dimension))
                contents.dimensions.push_back(
                    {validKey(dimension->GetName()), 0, true});
        contents.arrays.push_back(std::move(described));
        opened.push_back(array);
    }
    if (!source.group.isRoot())
        MDIMAPPEND_RETURN_IF_ERROR(
            addInherited(contents, opened, source, request));
    if (source.driver == "netCDF")
        makeTexts(contents, opened, source, request);
    // How NetCDF's characters are spelled; xarray takes texts for such.
    for (auto &described : contents.arrays)
        described.array.attributes.erase("_Encoding");
    for (const auto &array : opened)
        MDIMAPPEND_RETURN_IF_ERROR(
            addUnlistedCoordinates(contents, source, *array));
    for (std::size_t i = 0; i < opened.size(); ++i)
    {
        // This is a copy, since the list that it stands in grows.
        const std::string name = contents.arrays[i].array.name;
        addCrs(contents, name, *opened[i]);
    }
    return Status::ok();
}

/// Arrays that the driver does not know how to read are absent from its list.
Status checkNothingHidden(SourceContents &contents,
                          const MultidimSource &source,
                          const SliceRequest &request)
{
    if (!source.zarr)
        return Status::ok();
    const auto &group = source.group;
    for (const std::string &name :
         source.zarr->arrayNames(group.keyOf(group.level())))
        if (!isExcluded(request, validKey(name)) &&
            !contents.find(validKey(name)))
            contents.arrays.push_back(
                hiddenArray(*source.zarr, group.keyOf(group.level(), name)));
    return Status::ok();
}

/// Of how many bytes GDAL's Zarr driver leaves texts that have more; 0: none.
std::size_t cutAt(const MultidimSource &source, const std::string &path,
                  const GDALMDArray &array)
{
    const auto key = path.substr(path.starts_with('/') ? 1 : 0);
    if (source.driver != "Zarr")
        return 0;
    const auto document =
        source.zarr ? source.zarr->arrayDocument(key) : nullptr;
    const bool isFixed =
        document && document->dataType.kind != DataType::Kind::VariableUnicode;
    return isFixed ? 0 : array.GetDataType().GetMaxStringLength();
}

/// What is known of the source beside what GDAL's driver tells.
Status describeSource(MultidimSource &known, const SourceDataset &source,
                      const SliceRequest &request)
{
    const auto groups = known.group.keys();
    if (known.driver == "Zarr")
    {
        MDIMAPPEND_ASSIGN(known.zarr, zarrAround(known.group, known.file));
        if (known.zarr && source.folder)
            fetchCoordinates(*source.folder, *known.zarr, groups,
                             [&](const std::string &name)
                             { return !isExcluded(request, validKey(name)); });
        known.hasFiles = source.files != nullptr;
    }
    if (source.hdf5)
    {
        known.hdf5 = source.hdf5->attributes;
    }
    else if (callsHdf5(known.driver))
    {
        MDIMAPPEND_ASSIGN(CheckedHdf5 checked, checkHdf5(known.file));
        known.hdf5 = std::move(checked.attributes);
    }
    if (callsHdf5(known.driver) && !known.group.isRoot())
        MDIMAPPEND_RETURN_IF_ERROR(
            lookAtGroups(known.file, groups, known.hdf5));
    return Status::ok();
}

}  // namespace

Result<SourceContents> multidimContents(const SourceDataset &source,
                                        const SourceGroup &group,
                                        const SliceRequest &request)
{
    GDALDriver *driver = source.dataset->GetDriver();
    MultidimSource known{group, driver ? driver->GetDescription() : "",
                         source.dataset->GetDescription()};
    const GdalMessages quiet;
    MDIMAPPEND_RETURN_IF_ERROR(describeSource(known, source, request));
    SourceContents contents;
    MDIMAPPEND_RETURN_IF_ERROR(addArrays(contents, known, request));
    MDIMAPPEND_RETURN_IF_ERROR(checkNothingHidden(contents, known, request));
    if (contents.arrays.empty())
        return noArraysIn(group);
    const auto key = group.keyOf(group.level());
    const Json *told = known.zarr ? known.zarr->attributes(key) : nullptr;
    if (told)
    {
        contents.attributes = withoutInternals(*told);
    }
    else
    {
        MDIMAPPEND_ASSIGN(
            contents.attributes,
            attributesToJson(group.own(),
                             namesOf(known.hdf5.withoutValue, key)));
        contents.lostAttributes = notAmong(
            contents.attributes, namesOf(known.hdf5.ofOtherTypes, key));
    }
    if (known.driver == "GRIB")
        MDIMAPPEND_RETURN_IF_ERROR(
            adaptGrib(contents, group.own(), known.file, request));
    if (group.isRoot() && !request.isAmongOthers)
        contents.groupsLeftOut = groupsBelow(group.own(), request);
    MDIMAPPEND_RETURN_IF_ERROR(selectArrays(contents, request));
    for (SourceArray &array : contents.arrays)
        if (array.array.type.GetClass() == GEDTC_STRING && !array.chars)
        {
            const auto opened = openArrayAt(*source.root, array.path);
            MDIMAPPEND_ASSIGN(
                array.array.stringLength,
                longestString(*opened, cutAt(known, array.path, *opened)));
        }
    return contents;
}

}  // namespace mdimappend
