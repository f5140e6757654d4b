// Lists the arrays of what GDAL opens as multidimensional: also coordinates
// that a driver has but does not list, and CRSs that only GDAL knows of.

#include "slice/attributes_json.h"
#include "slice/char_arrays.h"
#include "slice/crs_attributes.h"
#include "slice/gdal_messages.h"
#include "slice/gdal_strings.h"
#include "slice/grib_slice.h"
#include "slice/hdf5_attributes.h"
#include "slice/multidim_array.h"
#include "slice/slice_name.h"
#include "slice/slice_source.h"
#include "slice/zarr_fetch.h"
#include "slice/zarr_slice.h"

namespace mdimappend
{

namespace
{

/// h5netcdf and netCDF-4 keep dimensions without coordinates as datasets.
bool isOnlyDimension(const GDALMDArray &array)
{
    const auto name = array.GetAttribute("NAME");
    const char *text = name ? name->ReadAsString() : nullptr;
    return text && STARTS_WITH(text, "This is a netCDF dimension but not");
}

Status cannotOpen(const std::string &name, const GdalMessages &messages)
{
    return {Failure::Unavailable,
            "array '" + name + "' cannot be opened: " +
                messages.failure("the driver does not say why") + "."};
}

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

/// Coordinates that a driver has but does not list are read here and now.
Status addUnlistedCoordinates(SourceContents &contents,
                              const MultidimSource &source,
                              const GDALMDArray &array)
{
    for (const auto &dimension : array.GetDimensions())
    {
        // Asked first: the netCDF driver opens the variable.
        if (contents.find(validKey(dimension->GetName())))
            continue;
        const auto coordinate = dimension->GetIndexingVariable();
        if (!coordinate || coordinate->GetName() != dimension->GetName() ||
            coordinate->GetDimensionCount() != 1 ||
            coordinate->GetDataType().GetClass() != GEDTC_NUMERIC)
            continue;
        SourceArray described =
            describeArray(source, coordinate->GetName(), *coordinate);
        MDIMAPPEND_RETURN_IF_ERROR(
            checkReadWhole(described.array.name, described.array.shape));
        const GUInt64 start = 0;
        const std::size_t count = dimension->GetSize();
        described.origin = SourceArray::Origin::Memory;
        described.bytes.resize(count * described.array.type.GetSize());
        if (described.problem &&
            !coordinate->Read(&start, &count, nullptr, nullptr,
                              described.array.type, described.bytes.data()))
            return {Failure::Unavailable,
                    "coordinate '" + coordinate->GetName() + "': read failed."};
        contents.arrays.push_back(std::move(described));
    }
    return Status::ok();
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
    OpenedArrays opened;
    for (const std::string &name : source.root.GetMDArrayNames(showAll))
    {
        // Those of GRIB are put together, and named, below.
        if (source.driver != "GRIB" && isExcluded(request, validKey(name)))
            continue;
        GdalMessages messages;
        const auto array = source.root.OpenMDArray(name);
        // It is described with those that are not listed.
        if (!array && source.zarr && !source.zarr->emptyDimension(name).empty())
            continue;
        if (!array)
            return cannotOpen(name, messages);
        if (isOnlyDimension(*array))
            continue;
        if (source.zarr && source.zarr->overlooked(name))
            return Status(Failure::Unavailable,
                          "array '" + name + "': it is no longer there.");
        SourceArray described = describeArray(source, name, *array);
        for (const auto &dimension : array->GetDimensions())
            if (isTemporal(*dimension))
                contents.dimensions.push_back(
                    {validKey(dimension->GetName()), 0, true});
        contents.arrays.push_back(std::move(described));
        opened.push_back(array);
    }
    if (source.driver == "netCDF")
        makeTexts(contents, opened, source.root, source.file, request);
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

Result<std::optional<ZarrSlice>> zarrBelow(const GDALGroup &root)
{
    for (const std::string &name : root.GetMDArrayNames())
        if (const auto array = root.OpenMDArray(name))
        {
            const std::string &file = array->GetFilename();
            const std::size_t folder = file.rfind("/" + name + "/");
            if (folder != std::string::npos)
                return ZarrSlice::open(file.substr(0, folder));
        }
    return std::optional<ZarrSlice>();
}

/// One that has no values, or else is of a type that the driver does not know.
SourceArray hiddenArray(const ZarrSlice &store, const std::string &name)
{
    SourceArray hidden;
    hidden.array.name = validKey(name);
    hidden.emptyDimension = store.emptyDimension(name);
    hidden.problem =
        hidden.emptyDimension.empty()
            ? refused("array '" + name +
                      "': GDAL's Zarr driver cannot read it (its type is '" +
                      store.typeName(name) +
                      "'). Exclude it with --exclude-array.")
            : refused("array '" + name + "': dimension '" +
                      hidden.emptyDimension + "' has size 0.");
    return hidden;
}

/// Arrays that the driver does not know how to read are absent from its list.
Status checkNothingHidden(SourceContents &contents,
                          const MultidimSource &source,
                          const SliceRequest &request)
{
    if (!source.zarr)
        return Status::ok();
    for (const std::string &name : source.zarr->arrayNames())
        if (!isExcluded(request, validKey(name)) &&
            !contents.find(validKey(name)))
            contents.arrays.push_back(hiddenArray(*source.zarr, name));
    return Status::ok();
}

std::string listed(const std::vector<std::string> &names)
{
    std::string list;
    for (const std::string &name : names)
        list += (list.empty() ? "" : ", ") + name;
    return list;
}

/// Of how many bytes GDAL's Zarr driver leaves texts that have more; 0: none.
std::size_t cutAt(const MultidimSource &source, const GDALMDArray &array)
{
    if (source.driver != "Zarr")
        return 0;
    const auto document =
        source.zarr ? source.zarr->arrayDocument(array.GetName()) : nullptr;
    const bool isFixed =
        document && document->dataType.kind != DataType::Kind::VariableUnicode;
    return isFixed ? 0 : array.GetDataType().GetMaxStringLength();
}

/// How a nested group becomes a slice.
std::string groupAdvice(const MultidimSource &source,
                        const SliceRequest &request)
{
    if (source.driver == "Zarr" && !request.dataset)
        return "The folder of one is a slice by itself: '" +
               fileOf(request.name) + "/GROUP'.";
    return "`gdalmdimtranslate -of VRT -group /GROUP '" + request.name +
           "' slice.vrt` makes a slice of one.";
}

}  // namespace

Result<SourceContents> multidimContents(const SourceDataset &source,
                                        const SliceRequest &request)
{
    const GDALGroup &root = *source.root;
    GDALDriver *driver = source.dataset->GetDriver();
    MultidimSource known{root, driver ? driver->GetDescription() : "",
                         source.dataset->GetDescription()};
    GdalMessages quiet;
    if (known.driver == "Zarr")
    {
        MDIMAPPEND_ASSIGN(known.zarr, zarrBelow(root));
        if (known.zarr && source.folder)
            fetchCoordinates(*source.folder, *known.zarr,
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

    SourceContents contents;
    MDIMAPPEND_RETURN_IF_ERROR(addArrays(contents, known, request));
    MDIMAPPEND_RETURN_IF_ERROR(checkNothingHidden(contents, known, request));
    if (contents.arrays.empty())
    {
        const std::string groups = listed(root.GetGroupNames());
        return refused("its root group has no arrays" +
                       (groups.empty() ? "."
                                       : "; those of nested groups (" + groups +
                                             ") are not read. " +
                                             groupAdvice(known, request)));
    }
    const Json *told = known.zarr ? known.zarr->attributes("") : nullptr;
    if (told)
    {
        contents.attributes = withoutInternals(*told);
    }
    else
    {
        MDIMAPPEND_ASSIGN(
            contents.attributes,
            attributesToJson(root, namesOf(known.hdf5.withoutValue, "")));
        contents.lostAttributes =
            notAmong(contents.attributes, namesOf(known.hdf5.ofOtherTypes, ""));
    }
    if (known.driver == "GRIB")
        MDIMAPPEND_RETURN_IF_ERROR(
            adaptGrib(contents, root, known.file, request));
    MDIMAPPEND_RETURN_IF_ERROR(selectArrays(contents, request));
    for (SourceArray &array : contents.arrays)
        if (array.array.type.GetClass() == GEDTC_STRING && !array.chars)
        {
            const auto opened = root.OpenMDArray(array.path);
            MDIMAPPEND_ASSIGN(array.array.stringLength,
                              longestString(*opened, cutAt(known, *opened)));
        }
    return contents;
}

}  // namespace mdimappend
