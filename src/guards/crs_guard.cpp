// Reads the CRS of both sides out of their attributes, and lets PROJ compare
// them. What has no CRS, or one that nobody understands, fits.

#include "guards/crs_guard.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <ogr_spatialref.h>

#include <algorithm>
#include <functional>
#include <memory>

namespace mdimappend
{

namespace
{

using Crs =
    std::unique_ptr<OGRSpatialReference, void (*)(OGRSpatialReference *)>;

/// The attributes of the array with this name, or null.
using FindAttributes = std::function<const Json *(const std::string &)>;

Crs newCrs()
{
    return {new OGRSpatialReference(),
            [](OGRSpatialReference *crs) { crs->Release(); }};
}

Crs noCrs()
{
    return {nullptr, [](OGRSpatialReference *) {}};
}

std::string textOf(const Json &value)
{
    if (value.is_string())
        return value.get<std::string>();
    if (!value.is_array())
        return dumpJson(value, -1);
    std::string list;
    for (const auto &element : value)
        list += (list.empty() ? "" : ",") + dumpJson(element, -1);
    return list;
}

Crs fromText(const std::string &text)
{
    auto crs = newCrs();
    return crs->SetFromUserInput(
               text.c_str(),
               OGRSpatialReference::SET_FROM_USER_INPUT_LIMITATIONS_get()) ==
                   OGRERR_NONE
               ? std::move(crs)
               : noCrs();
}

/// `units`: of the projection's coordinates.
Crs fromGridMapping(const Json &mapping, const std::string &units)
{
    for (const char *name : {"crs_wkt", "spatial_ref"})
    {
        const auto &text = member(mapping, name);
        if (!text.is_string())
            continue;
        if (auto crs = fromText(text.get<std::string>()))
            return crs;
    }
    CPLStringList parameters;
    for (const auto &[key, value] : mapping.items())
    {
        if (value.is_primitive() || value.is_array())
            parameters.SetNameValue(key.c_str(), textOf(value).c_str());
    }
    auto crs = newCrs();
    return crs->importFromCF1(parameters.List(),
                              units.empty() ? nullptr : units.c_str()) ==
                   OGRERR_NONE
               ? std::move(crs)
               : noCrs();
}

/// GDAL's own attribute.
Crs fromGdal(const Json &attribute)
{
    for (const char *form : {"wkt", "projjson", "url"})
    {
        const auto &value = member(attribute, form);
        if (value.is_null())
            continue;
        if (auto crs = fromText(textOf(value)))
            return crs;
    }
    return noCrs();
}

Crs crsOf(const Json &attributes, const std::vector<std::string> &dimensions,
          const FindAttributes &find)
{
    const auto &named = member(attributes, "grid_mapping");
    if (named.is_string())
    {
        // "crs" of "crs" and of "crs: x y".
        auto name = named.get<std::string>();
        name = name.substr(0, name.find_first_of(": "));
        const auto *x = dimensions.empty() ? nullptr : find(dimensions.back());
        const Json none;
        if (const auto *mapping = find(name))
            return fromGridMapping(*mapping,
                                   textMember(x ? *x : none, "units"));
    }
    return fromGdal(member(attributes, "_CRS"));
}

std::string nameOf(const OGRSpatialReference &crs)
{
    std::string name = crs.GetName() ? crs.GetName() : "unnamed";
    const char *authority = crs.GetAuthorityName(nullptr);
    const char *code = crs.GetAuthorityCode(nullptr);
    if (authority && code)
        name += std::string(" (") + authority + ":" + code + ")";
    return "'" + name + "'";
}

}  // namespace

Status checkCrs(const Target &target, const TargetArray &targetArray,
                const Slice &slice, const SliceArray &sliceArray)
{
    CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    const auto expected =
        crsOf(targetArray.document.attributes, targetArray.document.dimensions,
              [&](const std::string &name)
              {
                  const auto *array = target.find(name);
                  return array ? &array->document.attributes : nullptr;
              });
    const auto found = crsOf(
        sliceArray.attributes, sliceArray.dimensions,
        [&](const std::string &name)
        {
            const auto array =
                std::ranges::find(slice.arrays(), name, &SliceArray::name);
            return array == slice.arrays().end() ? nullptr : &array->attributes;
        });
    if (!expected || !found)
        return Status::ok();
    const char *const options[] = {
        "IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES",
        "CRITERION=EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS", nullptr};
    if (found->IsSame(expected.get(), options))
        return Status::ok();
    return refused("array '" + targetArray.name + "': its CRS is " +
                   nameOf(*found) + ", the target's is " + nameOf(*expected) +
                   ". Reproject the slice, correct what it says of its CRS, "
                   "or begin another cube.");
}

}  // namespace mdimappend
