// Gives the arrays of a GRIB file the names, units and attributes that CF has
// for them.

#include "slice/grib_slice.h"

#include "slice/crs_attributes.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// TIME, TIME2, ... X, Y in lower case; other names as they are.
std::string adaptedName(const std::string &name)
{
    const std::string stem =
        name.substr(0, name.find_last_not_of("0123456789") + 1);
    if (stem == "TIME")
        return "time" + name.substr(stem.size());
    if (stem == "X" || stem == "Y")
        return (stem == "X" ? "x" : "y") + name.substr(stem.size());
    return name;
}

void setTimeAttributes(SliceArray &time)
{
    time.units = "seconds since 1970-01-01 00:00:00";
    Json attributes = Json::object();
    attributes["standard_name"] = "time";
    attributes["long_name"] = "validity time";
    attributes["units"] = time.units;
    attributes["calendar"] = "proleptic_gregorian";
    attributes["axis"] = "T";
    time.attributes = std::move(attributes);
}

std::optional<OGRSpatialReference> onlyCrs(const SourceContents &contents)
{
    const SourceArray *mapping = nullptr;
    for (const SourceArray &source : contents.arrays)
    {
        if (!source.array.attributes.contains("crs_wkt"))
            continue;
        if (mapping)
            return {};
        mapping = &source;
    }
    OGRSpatialReference crs;
    if (!mapping || crs.SetFromUserInput(mapping->array.attributes["crs_wkt"]
                                             .get_ref<const std::string &>()
                                             .c_str()) != OGRERR_NONE)
        return {};
    return crs;
}

void setCoordinateAttributes(SourceContents &contents)
{
    const auto crs = onlyCrs(contents);
    for (const bool alongX : {true, false})
    {
        SourceArray *coordinate = contents.find(alongX ? "x" : "y");
        if (!coordinate || coordinate->array.dimensions.size() != 1)
            continue;
        coordinate->array.attributes =
            coordinateAttributes(crs ? &*crs : nullptr, alongX);
        coordinate->array.units =
            coordinate->array.attributes.value("units", std::string());
    }
}

/// The validity time that all arrays with one share; nothing if they differ.
std::optional<double> commonValidityTime(const SourceContents &contents)
{
    std::optional<double> common;
    for (const SourceArray &source : contents.arrays)
    {
        const Json &attributes = source.array.attributes;
        const auto found = attributes.find("validity_time");
        if (found == attributes.end() || !found->is_number())
            continue;
        const auto time = found->get<double>();
        if (common && *common != time)
            return {};
        common = time;
    }
    return common;
}

void addScalarTime(SourceContents &contents)
{
    const auto value = commonValidityTime(contents);
    if (!value || contents.find("time"))
        return;
    SourceArray time;
    time.array.name = "time";
    time.array.type = GDALExtendedDataType::Create(GDT_Float64);
    setTimeAttributes(time.array);
    time.bytes.assign(reinterpret_cast<const char *>(&*value), sizeof *value);
    for (SourceArray &source : contents.arrays)
    {
        source.array.attributes.erase("validity_time");
        source.array.attributes.erase("validity_time_unit");
    }
    contents.arrays.push_back(std::move(time));
}

void findStrayInstants(SourceContents &contents)
{
    for (SourceArray &source : contents.arrays)
    {
        const bool timed = std::ranges::any_of(
            source.array.dimensions,
            [](const std::string &name) { return name.starts_with("time"); });
        if (!timed && source.array.dimensions.size() > 1 && source.problem)
            source.problem =
                refused("array '" + source.array.name +
                        "': it has only one instant, and other arrays of the "
                        "file have a time dimension. Exclude it with "
                        "--exclude-array, or split the file.");
    }
}

}  // namespace

void adaptGrib(SourceContents &contents, const SliceRequest &request)
{
    for (SourceDimension &dimension : contents.dimensions)
        dimension.name = adaptedName(dimension.name);
    for (SourceArray &source : contents.arrays)
    {
        for (std::string &dimension : source.array.dimensions)
            dimension = adaptedName(dimension);
        const bool coordinate = source.array.dimensions.size() == 1;
        if (!coordinate)
            continue;
        source.array.name = adaptedName(source.array.name);
        if (source.array.units == "sec UTC")
            setTimeAttributes(source.array);
    }
    setCoordinateAttributes(contents);
    if (!contents.dimensions.empty())
        findStrayInstants(contents);
    else if (!request.label && request.labelFrom.empty())
        addScalarTime(contents);
}

}  // namespace mdimappend
