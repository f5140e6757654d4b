// Reads GDAL's attributes as JSON, and leaves out those that libraries keep for
// themselves.

#include "slice/attributes_json.h"

#include "json/utf8.h"

#include <cpl_string.h>
#include <gdal.h>

#include <array>
#include <cstring>
#include <span>

namespace mdimappend
{

namespace
{

constexpr std::array<std::string_view, 12> libraryInternals = {
    "_Netcdf4Dimid",    "_Netcdf4Coordinates",
    "DIMENSION_LIST",   "REFERENCE_LIST",
    "DIMENSION_LABELS", "_NCProperties",
    "_nc3_strict",      "_NCCOPY",
    "_IsNetcdf4",       "_SuperblockVersion",
    "_Format",          "_ARRAY_DIMENSIONS"};

bool isLibraryInternal(const std::string &name, const Json &value)
{
    for (std::string_view internal : libraryInternals)
        if (name == internal)
            return true;
    return name == "CLASS" && value == "DIMENSION_SCALE";
}

template <class T> T valueAt(const GByte *bytes)
{
    T value;
    std::memcpy(static_cast<void *>(&value), bytes, sizeof(T));
    return value;
}

double doubleAt(const GByte *bytes, GDALDataType type)
{
    double value = 0;
    GDALCopyWords(bytes, type, 0, &value, GDT_Float64, 0, 1);
    return value;
}

Json numberToJson(const GByte *bytes, GDALDataType type)
{
    if (GDALDataTypeIsComplex(type))
    {
        std::array<double, 2> parts{};
        GDALCopyWords(bytes, type, 0, parts.data(), GDT_CFloat64, 0, 1);
        return Json::array({parts[0], parts[1]});
    }
    if (type == GDT_UInt64)
        return valueAt<std::uint64_t>(bytes);
    if (!GDALDataTypeIsInteger(type))
        return doubleAt(bytes, type);
    std::int64_t value = 0;
    GDALCopyWords(bytes, type, 0, &value, GDT_Int64, 0, 1);
    return value;
}

Json textToJson(const char *text, GDALExtendedDataTypeSubType subType)
{
    std::string utf8 = validUtf8(text ? text : "");
    if (subType == GEDTST_JSON)
        if (auto parsed = parseJson(utf8))
            return *parsed;
    return utf8;
}

Json elementToJson(const GByte *bytes, const GDALExtendedDataType &type)
{
    switch (type.GetClass())
    {
    case GEDTC_NUMERIC:
        return numberToJson(bytes, type.GetNumericDataType());
    case GEDTC_STRING:
        return textToJson(valueAt<const char *>(bytes), type.GetSubType());
    case GEDTC_COMPOUND:
        break;
    }
    Json members = Json::object();
    for (const auto &component : type.GetComponents())
        members[component->GetName()] =
            elementToJson(bytes + component->GetOffset(), component->GetType());
    return members;
}

Json nestedToJson(const GByte *&bytes, const GDALExtendedDataType &type,
                  std::span<const GUInt64> sizes)
{
    if (sizes.empty())
    {
        Json value = elementToJson(bytes, type);
        bytes += type.GetSize();
        return value;
    }
    Json values = Json::array();
    for (GUInt64 i = 0; i < sizes.front(); ++i)
        values.push_back(nestedToJson(bytes, type, sizes.subspan(1)));
    return values;
}

}  // namespace

std::string validUtf8(std::string_view text)
{
    std::string valid(text);
    if (isUtf8(valid))
        return valid;
    char *recoded = CPLRecode(valid.c_str(), CPL_ENC_ISO8859_1, CPL_ENC_UTF8);
    valid = recoded;
    CPLFree(recoded);
    return valid;
}

Json attributeToJson(const GDALAttribute &attribute)
{
    const GDALRawResult raw = attribute.ReadAsRaw();
    const std::vector<GUInt64> sizes = attribute.GetDimensionsSize();
    if (!raw.data())
        return sizes.empty() ? Json("") : Json::array();
    const GByte *bytes = raw.data();
    return nestedToJson(bytes, attribute.GetDataType(), sizes);
}

Json attributesToJson(const GDALIHasAttribute &owner)
{
    const char *const showAll[] = {"SHOW_ALL=YES", nullptr};
    Json attributes = Json::object();
    bool dimensionScale = false;
    for (const auto &attribute : owner.GetAttributes(showAll))
    {
        Json value = attributeToJson(*attribute);
        const std::string name = validUtf8(attribute->GetName());
        dimensionScale =
            dimensionScale || (name == "CLASS" && value == "DIMENSION_SCALE");
        if (!isLibraryInternal(name, value))
            attributes[name] = std::move(value);
    }
    if (dimensionScale)
        attributes.erase("NAME");
    return attributes;
}

}  // namespace mdimappend
