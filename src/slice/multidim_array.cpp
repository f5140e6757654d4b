// Describes one array that GDAL has opened, by its driver's word and by what
// the file says where the driver is silent or wrong.

#include "slice/multidim_array.h"

#include "slice/attributes_json.h"
#include "slice/cf_references.h"
#include "slice/missing_value.h"
#include "slice/numpy_time.h"
#include "time/cf_time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace mdimappend
{

namespace
{

constexpr std::array<const char *, 5> toldElsewhere = {
    "_FillValue", "scale_factor", "add_offset", "_ARRAY_DIMENSIONS", "_CRS"};

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

/// A number, or a text that is one.
Result<std::optional<double>>
packingIn(const SliceArray &described, const Json &attributes, const char *name)
{
    const Json &told = member(attributes, name);
    const auto element = elementOf(told, GDT_Float64);
    double number = std::numeric_limits<double>::quiet_NaN();
    if (element)
        std::memcpy(&number, element->data(), sizeof number);
    if (!std::isfinite(number))
        return refused("array '" + described.name + "': its attribute '" +
                       name + "' is " + dumpJson(told, -1) +
                       ", which is no number. Exclude it with "
                       "--exclude-array.");
    return std::optional(number);
}

/// The attributes, else the driver's word: GDAL's HDF5 driver does not look at
/// them, its netCDF driver not at texts, and both take the first of several
/// numbers.
Status describePacking(SliceArray &described, const GDALMDArray &array,
                       const Json &attributes)
{
    const auto told = [&](const char *name,
                          auto driversWord) -> Result<std::optional<double>>
    {
        if (attributes.contains(name))
            return packingIn(described, attributes, name);
        bool has = false;
        const double word = (array.*driversWord)(&has, nullptr);
        return has ? std::optional(word) : std::nullopt;
    };
    MDIMAPPEND_ASSIGN(described.scale,
                      told("scale_factor", &GDALMDArray::GetScale));
    if (described.scale == 0)
        return refused("array '" + described.name +
                       "': its scale_factor is 0, which makes one value of "
                       "all. Exclude it with --exclude-array.");
    MDIMAPPEND_ASSIGN(described.offset,
                      told("add_offset", &GDALMDArray::GetOffset));
    return Status::ok();
}

/// By what values mean: an attribute of these that is passed over, or of which
/// half is read, makes other values of them.
Status checkMeaningIsRead(const MultidimSource &source,
                          const SliceArray &described, const std::string &path,
                          const Json &attributes)
{
    constexpr std::array<std::string_view, 7> names = {
        "_FillValue", "missing_value", "scale_factor", "add_offset",
        "_Unsigned",  "units",         "calendar"};
    const std::string subject =
        "array '" + described.name + "': its attribute ";
    for (const auto &name : namesOf(source.hdf5.ofOtherTypes, path))
        if (std::ranges::find(names, name) != names.end())
            return refused(subject + "'" + name +
                           "' is of a type that GDAL does not read. Write it "
                           "anew as a number of 32 or 64 bits or as a text, or "
                           "exclude the array with --exclude-array.");
    const Json &fill = member(attributes, "_FillValue");
    if (fill.is_array() && fill.size() > 1)
        return refused(subject + "'_FillValue' is " + dumpJson(fill, -1) +
                       ", and only one value can be. Exclude it with "
                       "--exclude-array.");
    return Status::ok();
}

void describeMissing(const MultidimSource &source, SliceArray &described,
                     const std::string &key, const GDALMDArray &array,
                     Json &attributes)
{
    const auto type = described.type.GetNumericDataType();
    if (source.zarr && source.zarr->isBool(key))
    {
        described.truthValues = true;
        return;
    }
    setMissing(described, source.zarr ? source.zarr->missingValues(key, type)
                                      : missingValuesOf(array, attributes));
    // The netCDF driver has acted upon it: the array is of an unsigned type.
    if (source.driver == "netCDF" && GDALDataTypeIsInteger(type) &&
        !GDALDataTypeIsSigned(type) && attributes.contains("_Unsigned"))
    {
        attributes.erase("_Unsigned");
        attributes.erase("missing_value");
        if (auto others = otherMissingAttribute(described); !others.is_null())
            attributes["missing_value"] = std::move(others);
    }
}

void describeUnits(SliceArray &described, const GDALMDArray &array)
{
    if (described.attributes.contains("units"))
        described.units = textMember(described.attributes, "units");
    else if (!array.GetUnit().empty())
        described.attributes["units"] = described.units =
            validUtf8(array.GetUnit());
}

/// NumPy's types of time say by themselves what attributes say elsewhere. And
/// its NaT is missing wherever times are int64: xarray stores it so, whether or
/// not an attribute says so.
void describeTimes(const MultidimSource &source, SliceArray &described,
                   const GDALMDArray &array)
{
    if (described.type != GDALExtendedDataType::Create(GDT_Int64))
        return;
    const auto own = source.driver == "Zarr" ? numpyTimeOf(array) : NumpyTime();
    for (const auto &[name, value] : own.attributes.items())
        described.attributes[name] = value;
    if (own.isTime)
        described.units = textMember(described.attributes, "units");
    if (own.isTime ||
        (!described.missingValue &&
         (looksLikeTime(described.units) || isDuration(described.attributes))))
        described.missingValue = notATime();
}

Result<Json> attributesOf(const MultidimSource &source, const std::string &key,
                          const GDALMDArray &array)
{
    if (source.zarr)
        if (const Json *told = source.zarr->attributes(key))
            return withoutInternals(*told);
    return attributesToJson(array, namesOf(source.hdf5.withoutValue, key));
}

Status describeAttributes(const MultidimSource &source, SliceArray &described,
                          const std::string &key, const GDALMDArray &array)
{
    auto read = attributesOf(source, key, array);
    if (!read)
        return read.takeStatus().prefixed("array '" + described.name + "'");
    Json attributes = std::move(*read);
    described.lostAttributes =
        notAmong(attributes, namesOf(source.hdf5.ofOtherTypes, key));
    auto known = checkMeaningIsRead(source, described, key, attributes);
    if (known)
        known = describePacking(described, array, attributes);
    if (described.type.GetClass() == GEDTC_NUMERIC)
        describeMissing(source, described, key, array, attributes);
    for (const char *name : toldElsewhere)
        attributes.erase(name);
    described.attributes = std::move(attributes);
    describeUnits(described, array);
    describeTimes(source, described, array);
    return known;
}

/// NetCDF-4 has such a variable under another name in the file, and GDAL 3.13
/// reads zeros for it, or what is not its.
bool isMistakenForDimension(const MultidimSource &source,
                            const std::string &key, const GDALMDArray &array)
{
    const auto &groups = source.group.groups;
    if (source.driver != "netCDF" ||
        !STARTS_WITH(CSLFetchNameValueDef(groups.front()->GetStructuralInfo(),
                                          "NC_FORMAT", ""),
                     "NETCDF4"))
        return false;
    const auto &own = array.GetDimensions();
    if (!own.empty() && own.front()->GetName() == array.GetName())
        return false;
    const auto level = static_cast<std::size_t>(std::ranges::count(key, '/'));
    return level < groups.size() &&
           source.group.keyOf(level, array.GetName()) == key &&
           std::ranges::any_of(
               groups[level]->GetDimensions(), [&](const auto &dimension)
               { return dimension->GetName() == array.GetName(); });
}

/// Why the array cannot be taken; an OK status if it can.
Status problemOf(const MultidimSource &source, const std::string &name,
                 const std::string &key, const GDALMDArray &array)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkStorable(name, array.GetDataType()));
    MDIMAPPEND_RETURN_IF_ERROR(checkDimensions(array));
    if (source.driver == "Zarr")
        MDIMAPPEND_RETURN_IF_ERROR(
            numpyTimeOf(array).problem.prefixed("array '" + name + "'"));
    const std::string misread =
        source.zarr ? source.zarr->misread(key) : std::string();
    if (!misread.empty())
        return refused("array '" + name +
                       "': GDAL's Zarr driver misreads the " + misread +
                       ". Exclude it with --exclude-array.");
    if (isMistakenForDimension(source, key, array))
        return refused(
            "array '" + name +
            "': it has the name of a dimension that it does not begin with, "
            "and GDAL misreads it. Exclude it with --exclude-array.");
    return Status::ok();
}

}  // namespace

SourceArray describeArray(const MultidimSource &source, const std::string &key,
                          const GDALMDArray &array)
{
    SourceArray described;
    described.origin = SourceArray::Origin::Group;
    described.path = source.group.isRoot() ? key : "/" + key;
    SliceArray &told = described.array;
    told.name = validKey(validUtf8(array.GetName()));
    for (const auto &dimension : array.GetDimensions())
    {
        told.dimensions.push_back(validKey(validUtf8(dimension->GetName())));
        told.shape.push_back(dimension->GetSize());
    }
    for (GUInt64 size : array.GetBlockSize())
        told.block.push_back(size);
    described.problem = problemOf(source, told.name, key, array);
    // GDAL's HDF5 driver gives unlimited dimensions this size, whatever it is.
    const auto empty = std::ranges::find(told.shape, 0);
    if (source.driver != "HDF5" && empty != told.shape.end())
        described.emptyDimension = told.dimensions[static_cast<std::size_t>(
            empty - told.shape.begin())];
    if (described.problem)
        told.type = nativeType(array.GetDataType());
    if (described.problem && source.zarr && source.hasFiles)
        told.document = source.zarr->arrayDocument(key);
    if (told.document && told.document->shape != told.shape)
        told.document.reset();
    auto attributes = describeAttributes(source, told, key, array);
    if (described.problem)
        described.problem = std::move(attributes);
    return described;
}

}  // namespace mdimappend
