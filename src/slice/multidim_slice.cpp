// Lists the arrays of what GDAL opens as multidimensional.

#include "slice/attributes_json.h"
#include "slice/crs_attributes.h"
#include "slice/gdal_messages.h"
#include "slice/gdal_strings.h"
#include "slice/grib_slice.h"
#include "slice/missing_value.h"
#include "slice/slice_source.h"
#include "slice/zarr_slice.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

constexpr std::array<const char *, 5> toldElsewhere = {
    "_FillValue", "scale_factor", "add_offset", "_ARRAY_DIMENSIONS", "_CRS"};

struct Source
{
    const GDALGroup &root;
    std::string driver;
    std::optional<ZarrSlice> zarr{};
    /// Its objects can be read as they are, too.
    bool hasFiles = false;
};

/// HDF5 and Zarr arrays need not name their dimensions: GDAL and the netCDF
/// library then invent names.
bool isInvented(const GDALDimension &dimension)
{
    const std::string &name = dimension.GetName();
    const auto numbered = [&](std::string_view prefix)
    {
        return name.size() > prefix.size() && name.starts_with(prefix) &&
               name.find_first_not_of("0123456789", prefix.size()) ==
                   std::string::npos;
    };
    if (numbered("phony_dim_"))
        return true;
    return numbered("dim") && !dimension.GetFullName().starts_with('/');
}

Status checkDimensions(const GDALMDArray &array)
{
    const std::string subject = "array '" + array.GetName() + "': ";
    for (const auto &dimension : array.GetDimensions())
    {
        if (isInvented(*dimension))
            return refused(subject +
                           "its dimensions have no names in the file ('" +
                           dimension->GetName() +
                           "' is invented). Exclude it with --exclude-array.");
        if (dimension->GetSize() == 0)
            return refused(subject + "dimension '" + dimension->GetName() +
                           "' has size 0.");
    }
    return Status::ok();
}

std::optional<double> numberIn(const Json &attributes, const char *name)
{
    const auto found = attributes.find(name);
    if (found == attributes.end())
        return {};
    const Json &value =
        found->is_array() && found->size() == 1 ? found->front() : *found;
    return value.is_number() ? std::optional(value.get<double>())
                             : std::nullopt;
}

std::optional<double> known(double value, bool has)
{
    return has ? std::optional(value) : std::nullopt;
}

/// The driver's word, else the attribute: GDAL's HDF5 driver does not look at
/// scale_factor and add_offset.
void describePacking(SliceArray &described, const GDALMDArray &array,
                     const Json &attributes)
{
    bool has = false;
    const double scale = array.GetScale(&has);
    described.scale = known(scale, has);
    if (!described.scale)
        described.scale = numberIn(attributes, "scale_factor");
    const double offset = array.GetOffset(&has);
    described.offset = known(offset, has);
    if (!described.offset)
        described.offset = numberIn(attributes, "add_offset");
}

void describeUnits(SliceArray &described, const GDALMDArray &array)
{
    const auto found = described.attributes.find("units");
    if (found != described.attributes.end())
        described.units = found->is_string() ? found->get<std::string>() : "";
    else if (!array.GetUnit().empty())
        described.attributes["units"] = described.units =
            validUtf8(array.GetUnit());
}

Json attributesOf(const Source &source, const GDALMDArray &array)
{
    if (source.zarr)
        if (const Json *told = source.zarr->attributes(array.GetName()))
            return *told;
    return attributesToJson(array);
}

void describeAttributes(const Source &source, SliceArray &described,
                        const GDALMDArray &array)
{
    Json attributes = attributesOf(source, array);
    describePacking(described, array, attributes);
    if (described.type.GetClass() == GEDTC_NUMERIC)
        described.missingValue =
            source.zarr
                ? source.zarr->missingValue(array.GetName(),
                                            described.type.GetNumericDataType())
                : missingValueOf(array, attributes);
    for (const char *name : toldElsewhere)
        attributes.erase(name);
    // The netCDF driver has acted upon it: the array is of an unsigned type.
    if (source.driver == "netCDF" && attributes.contains("_Unsigned") &&
        described.type == GDALExtendedDataType::Create(GDT_UInt8))
        attributes.erase("_Unsigned");
    described.attributes = std::move(attributes);
    describeUnits(described, array);
}

/// NetCDF-4 has such a variable under another name in the file, and GDAL 3.13
/// reads zeros for it, or what is not its.
bool isMistakenForDimension(const Source &source, const GDALMDArray &array)
{
    if (source.driver != "netCDF" ||
        !STARTS_WITH(CSLFetchNameValueDef(source.root.GetStructuralInfo(),
                                          "NC_FORMAT", ""),
                     "NETCDF4"))
        return false;
    const auto &own = array.GetDimensions();
    if (!own.empty() && own.front()->GetName() == array.GetName())
        return false;
    return std::ranges::any_of(
        source.root.GetDimensions(), [&](const auto &dimension)
        { return dimension->GetName() == array.GetName(); });
}

Result<SourceArray> describe(const Source &source, const std::string &path,
                             const GDALMDArray &array)
{
    SourceArray described;
    described.origin = SourceArray::Origin::Group;
    described.path = path;
    SliceArray &told = described.array;
    told.name = validKey(validUtf8(array.GetName()));
    for (const auto &dimension : array.GetDimensions())
    {
        told.dimensions.push_back(validKey(validUtf8(dimension->GetName())));
        told.shape.push_back(dimension->GetSize());
    }
    for (GUInt64 size : array.GetBlockSize())
        told.block.push_back(size);
    described.problem = checkStorable(told.name, array.GetDataType());
    if (described.problem)
        described.problem = checkDimensions(array);
    const std::string misread =
        source.zarr ? source.zarr->misread(array.GetName()) : std::string();
    if (described.problem && !misread.empty())
        described.problem = refused(
            "array '" + told.name + "': GDAL's Zarr driver misreads the " +
            misread + ". Exclude it with --exclude-array.");
    if (described.problem && isMistakenForDimension(source, array))
        described.problem = refused(
            "array '" + told.name +
            "': it has the name of a dimension that it does not begin with, "
            "and GDAL misreads it. Exclude it with --exclude-array.");
    if (described.problem)
        told.type = nativeType(array.GetDataType());
    if (described.problem && source.zarr && source.hasFiles)
        told.document = source.zarr->arrayDocument(array.GetName());
    if (told.document && told.document->shape != told.shape)
        told.document.reset();
    describeAttributes(source, told, array);
    return described;
}

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
            "array '" + name + "': cannot be opened: " +
                messages.failure("the driver does not say why") + "."};
}

/// Coordinates that a driver has but does not list are read here and now.
Status addUnlistedCoordinates(SourceContents &contents, const Source &source,
                              const GDALMDArray &array)
{
    for (const auto &dimension : array.GetDimensions())
    {
        const auto coordinate = dimension->GetIndexingVariable();
        if (!coordinate || coordinate->GetName() != dimension->GetName() ||
            contents.find(validKey(dimension->GetName())) ||
            coordinate->GetDimensionCount() != 1 ||
            coordinate->GetDataType().GetClass() != GEDTC_NUMERIC)
            continue;
        MDIMAPPEND_ASSIGN(SourceArray described,
                          describe(source, coordinate->GetName(), *coordinate));
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
    const auto mapping = array.attributes.find("grid_mapping");
    return mapping != array.attributes.end() && mapping->is_string() &&
           contents.find(firstName(mapping->get<std::string>()));
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
    const auto crs = array.GetSpatialRef();
    if (!crs || array.GetDimensionCount() < 2 ||
        hasGridMapping(contents, contents.find(name)->array))
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

Status addArrays(SourceContents &contents, const Source &source,
                 const SliceRequest &request)
{
    const char *const showAll[] = {"SHOW_ALL=YES", nullptr};
    std::vector<std::shared_ptr<GDALMDArray>> opened;
    for (const std::string &name : source.root.GetMDArrayNames(showAll))
    {
        if (isExcluded(request, validKey(name)))
            continue;
        GdalMessages messages;
        const auto array = source.root.OpenMDArray(name);
        if (!array)
            return cannotOpen(name, messages);
        if (isOnlyDimension(*array))
            continue;
        if (source.zarr && source.zarr->overlooked(name))
            return Status(Failure::Unavailable,
                          "array '" + name +
                              "': it was not there at second sight.");
        MDIMAPPEND_ASSIGN(SourceArray described,
                          describe(source, name, *array));
        for (const auto &dimension : array->GetDimensions())
            if (dimension->GetType() == GDAL_DIM_TYPE_TEMPORAL)
                contents.dimensions.push_back(
                    {validKey(dimension->GetName()), 0, true});
        contents.arrays.push_back(std::move(described));
        opened.push_back(array);
    }
    for (const auto &array : opened)
        MDIMAPPEND_RETURN_IF_ERROR(
            addUnlistedCoordinates(contents, source, *array));
    for (std::size_t i = 0; i < opened.size(); ++i)
    {
        // A copy: the list it stands in grows.
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

/// Arrays whose type the driver does not know are absent from its list.
Status checkNothingHidden(SourceContents &contents, const Source &source,
                          const SliceRequest &request)
{
    if (!source.zarr)
        return Status::ok();
    for (const std::string &name : source.zarr->arrayNames())
        if (!isExcluded(request, validKey(name)) &&
            !contents.find(validKey(name)))
        {
            SourceArray hidden;
            hidden.array.name = validKey(name);
            hidden.problem =
                refused("array '" + name +
                        "': GDAL's Zarr driver cannot read it. Exclude it "
                        "with --exclude-array.");
            contents.arrays.push_back(std::move(hidden));
        }
    return Status::ok();
}

std::string listed(const std::vector<std::string> &names)
{
    std::string list;
    for (const std::string &name : names)
        list += (list.empty() ? "" : ", ") + name;
    return list;
}

}  // namespace

Result<SourceContents> multidimContents(const SourceDataset &source,
                                        const SliceRequest &request)
{
    const GDALGroup &root = *source.root;
    GDALDriver *driver = source.dataset->GetDriver();
    Source known{root, driver ? driver->GetDescription() : ""};
    GdalMessages quiet;
    if (known.driver == "Zarr")
    {
        MDIMAPPEND_ASSIGN(known.zarr, zarrBelow(root));
        known.hasFiles = source.files != nullptr;
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
                                             ") are not read."));
    }
    const Json *told = known.zarr ? known.zarr->attributes("") : nullptr;
    contents.attributes = told ? *told : attributesToJson(root);
    if (known.driver == "GRIB")
        adaptGrib(contents, request);
    MDIMAPPEND_RETURN_IF_ERROR(selectArrays(contents, request));
    for (SourceArray &array : contents.arrays)
        if (array.array.type.GetClass() == GEDTC_STRING)
        {
            MDIMAPPEND_ASSIGN(array.array.stringLength,
                              longestString(*root.OpenMDArray(array.path)));
        }
    return contents;
}

}  // namespace mdimappend
