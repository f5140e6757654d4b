// Reads GDAL's attributes as JSON, and leaves out those that libraries keep for
// themselves.

#include "slice/attributes_json.h"

#include "json/utf8.h"
#include "slice/gdal_messages.h"

#include <cpl_string.h>
#include <gdal.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace mdimappend
{

namespace
{

/// What libraries note of a file's layout: in another file it is not true.
constexpr std::array<std::string_view, 17> libraryInternals = {
    "_ARRAY_DIMENSIONS", "_ChunkSizes",    "_Codecs",          "_DeflateLevel",
    "_Endianness",       "_Filter",        "_Fletcher32",      "_Format",
    "_IsNetcdf4",        "_NoFill",        "_Shuffle",         "_Storage",
    "_nc3_strict",       "DIMENSION_LIST", "DIMENSION_LABELS", "REFERENCE_LIST",
    "_SuperblockVersion"};

/// Of the netCDF library, of its Zarr stores, and of what OPeNDAP servers say.
constexpr std::array<const char *, 6> internalBeginnings = {
    "_Netcdf4", "_NCProperties", "_NCCOPY", "_NCZARR_", "DODS_EXTRA.", "DODS."};

bool isLibraryInternal(const std::string &name, const Json &value)
{
    return std::ranges::find(libraryInternals, name) !=
               libraryInternals.end() ||
           std::ranges::any_of(
               internalBeginnings, [&](const char *beginning)
               { return STARTS_WITH_CI(name.c_str(), beginning); }) ||
           (name == "CLASS" && value == "DIMENSION_SCALE");
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

/// GDAL's drivers have a number without dimensions for an attribute that has no
/// values, and leave the buffer for it as it was.
bool hasNoNumber(const GDALAttribute &attribute)
{
    const auto &type = attribute.GetDataType();
    if (type.GetClass() != GEDTC_NUMERIC || attribute.GetDimensionCount() != 0)
        return false;
    for (const int before : {0x55, 0xAA})
    {
        std::string bytes(type.GetSize(), static_cast<char>(before));
        const std::string untouched = bytes;
        const GUInt64 start = 0;
        const std::size_t count = 1;
        const GInt64 step = 1;
        const GPtrDiff_t stride = 1;
        if (!attribute.Read(&start, &count, &step, &stride, type,
                            bytes.data()) ||
            bytes != untouched)
            return false;
    }
    return true;
}

/// Nothing if it cannot be read.
std::optional<Json> valueOf(const GDALAttribute &attribute)
{
    const std::vector<GUInt64> sizes = attribute.GetDimensionsSize();
    if (hasNoNumber(attribute) || std::ranges::find(sizes, 0U) != sizes.end())
        return Json::array();
    const GDALRawResult raw = attribute.ReadAsRaw();
    const GByte *bytes = raw.data();
    if (!bytes)
        return std::nullopt;
    return nestedToJson(bytes, attribute.GetDataType(), sizes);
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

bool hasNoValue(const Json &attributes, const char *name)
{
    const Json &value = member(attributes, name);
    return value.is_array() && value.empty();
}

std::vector<std::string> notAmong(const Json &attributes,
                                  const std::vector<std::string> &names)
{
    std::vector<std::string> missing;
    for (const auto &name : names)
    {
        auto valid = validUtf8(name);
        if (!attributes.contains(valid) && !isLibraryInternal(name, Json()))
            missing.push_back(std::move(valid));
    }
    std::ranges::sort(missing);
    return missing;
}

Json withoutInternals(Json attributes)
{
    const bool isDimensionScale =
        member(attributes, "CLASS") == "DIMENSION_SCALE";
    for (auto member = attributes.begin(); member != attributes.end();)
    {
        if (isLibraryInternal(member.key(), member.value()))
            member = attributes.erase(member);
        else
            ++member;
    }
    if (isDimensionScale)
        attributes.erase("NAME");
    return attributes;
}

Result<Json> attributesToJson(const GDALIHasAttribute &owner,
                              const std::vector<std::string> &withoutValue)
{
    const char *const showAll[] = {"SHOW_ALL=YES", nullptr};
    Json attributes = Json::object();
    for (const auto &attribute : owner.GetAttributes(showAll))
    {
        const std::string &name = attribute->GetName();
        const bool isEmpty =
            std::ranges::find(withoutValue, name) != withoutValue.end();
        GdalMessages messages;
        auto value =
            isEmpty ? std::optional(Json::array()) : valueOf(*attribute);
        if (!value)
            return unavailable("its attribute '" + validUtf8(name) +
                               "' cannot be read: " +
                               messages.failure("no reason given") + ".");
        attributes[validUtf8(name)] = std::move(*value);
    }
    return withoutInternals(std::move(attributes));
}

}  // namespace mdimappend
