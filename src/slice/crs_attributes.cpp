// Writes a coordinate reference system into the attributes of a scalar array
// and of coordinates, as CF and rioxarray do.

#include "slice/crs_attributes.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <charconv>
#include <cmath>
#include <cstdint>

namespace mdimappend
{

namespace
{

std::string shortest(double number)
{
    // Python's str(float), which rioxarray writes, does the same.
    const double size = std::abs(number);
    const bool plain = size == 0.0 || (size >= 1e-4 && size < 1e16);
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number,
                                   plain ? std::chars_format::fixed
                                         : std::chars_format::scientific)
                         .ptr;
    std::string digits(text, end);
    if (digits.find_first_of(".en") == std::string::npos)
        digits += ".0";
    return digits;
}

std::string wkt2(const OGRSpatialReference &crs)
{
    const char *const options[] = {"FORMAT=WKT2_2019", nullptr};
    char *text = nullptr;
    std::string wkt;
    if (crs.exportToWkt(&text, options) == OGRERR_NONE && text)
        wkt = text;
    CPLFree(text);
    return wkt;
}

// exportToCF1 gives all values as text: "6378137", "30,60", "mercator".
Json parameterToJson(const std::string &text)
{
    const CPLStringList items(CSLTokenizeString2(text.c_str(), ",", 0));
    Json numbers = Json::array();
    for (const char *item : items)
    {
        if (CPLGetValueType(item) == CPL_VALUE_STRING)
            return text;
        numbers.push_back(CPLAtof(item));
    }
    if (numbers.empty())
        return text;
    return numbers.size() == 1 ? numbers.front() : numbers;
}

struct CfParameters
{
    CPLStringList parameters{};
    std::string units{};
};

std::optional<CfParameters> cfParameters(const OGRSpatialReference &crs)
{
    // The name is one for a variable ("crs"), not the attribute.
    char *name = nullptr;
    char **parameters = nullptr;
    char *units = nullptr;
    const OGRErr result = crs.exportToCF1(&name, &parameters, &units, nullptr);
    CfParameters cf{CPLStringList(parameters), units ? units : ""};
    CPLFree(name);
    CPLFree(units);
    if (result != OGRERR_NONE)
        return {};
    return cf;
}

}  // namespace

Json gridMappingAttributes(const OGRSpatialReference *crs,
                           const std::optional<GDALGeoTransform> &transform)
{
    Json attributes = Json::object();
    if (crs)
    {
        attributes["crs_wkt"] = wkt2(*crs);
        if (const auto cf = cfParameters(*crs);
            cf && cf->parameters.FetchNameValue("grid_mapping_name"))
            for (const char *item : cf->parameters)
                if (const auto [key, value] = keyAndValue(item);
                    key != "crs_wkt" && key != "long_name")
                    attributes[key] = parameterToJson(value);
    }
    if (transform)
    {
        std::string text;
        for (int i = 0; i < 6; ++i)
            text += (i ? " " : "") + shortest((*transform)[i]);
        attributes["GeoTransform"] = text;
    }
    return attributes;
}

Json coordinateAttributes(const OGRSpatialReference *crs, bool alongX)
{
    Json attributes = Json::object();
    if (crs && crs->IsDerivedGeographic())
    {
        attributes["standard_name"] =
            alongX ? "grid_longitude" : "grid_latitude";
        attributes["units"] = "degrees";
    }
    else if (crs && crs->IsGeographic())
    {
        attributes["standard_name"] = alongX ? "longitude" : "latitude";
        if (std::abs(crs->GetAngularUnits() - CPLAtof(SRS_UA_DEGREE_CONV)) <
            1e-12)
            attributes["units"] = alongX ? "degrees_east" : "degrees_north";
    }
    else if (crs && crs->IsProjected())
    {
        attributes["standard_name"] =
            alongX ? "projection_x_coordinate" : "projection_y_coordinate";
        if (crs->GetLinearUnits() == 1.0)
            attributes["units"] = "m";
        else if (const auto cf = cfParameters(*crs); cf && !cf->units.empty())
            attributes["units"] = cf->units;
    }
    attributes["axis"] = alongX ? "X" : "Y";
    return attributes;
}

std::string addGridMapping(SourceContents &contents, const Json &attributes)
{
    std::string name = "spatial_ref";
    for (int i = 2;; ++i)
    {
        const SourceArray *present = contents.find(name);
        if (!present)
            break;
        if (present->origin == SourceArray::Origin::Memory &&
            present->array.attributes == attributes)
            return name;
        name = "spatial_ref_" + std::to_string(i);
    }
    SourceArray mapping;
    mapping.array.name = name;
    mapping.array.type = GDALExtendedDataType::Create(GDT_Int32);
    mapping.array.attributes = attributes;
    mapping.bytes.assign(sizeof(std::int32_t), '\0');
    contents.arrays.push_back(std::move(mapping));
    return name;
}

}  // namespace mdimappend
