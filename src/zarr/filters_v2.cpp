// Checks the filters of Zarr V2 arrays, and makes those of new ones.

#include "zarr/filters_v2.h"

#include "zarr/codecs.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

constexpr std::array<std::string_view, 8> integers{"i1", "u1", "i2", "u2",
                                                   "i4", "u4", "i8", "u8"};

/// "i4" of "<i4"; "" of what is no type's name.
std::string_view withoutOrder(const Json &dtype)
{
    if (!dtype.is_string())
        return {};
    std::string_view name = dtype.get_ref<const std::string &>();
    if (!name.empty() && std::string_view("<>|").find(name[0]) != name.npos)
        name.remove_prefix(1);
    return name;
}

bool isFloatName(std::string_view name)
{
    return name == "f4" || name == "f8";
}

std::string driverTypeName(const Json &dtype)
{
    const std::string name = dtype.is_string() ? dtype.get<std::string>() : "";
    return name.starts_with('|') ? name.substr(1) : name;
}

/// Arguments that numcodecs does not know keep zarr-python from opening the
/// array.
Status checkMembers(const Json &filter,
                    std::initializer_list<std::string_view> known)
{
    for (const auto &[key, value] : filter.items())
    {
        if (key != "id" && std::ranges::find(known, key) == known.end())
            return cannotEncode("filter", filter,
                                "it has no parameter '" + key + "'");
    }
    return Status::ok();
}

Status checkDelta(const Json &filter, std::uint64_t chunkBytes)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkMembers(filter, {"dtype", "astype"}));
    const Json &dtype = member(filter, "dtype");
    const std::string_view name = withoutOrder(dtype);
    if (std::ranges::find(integers, name) == integers.end() &&
        !isFloatName(name))
        return cannotEncode("filter", filter,
                            "its dtype must be an integer's, as in \"<i4\"");
    const Json &astype = member(filter, "astype");
    if (!astype.is_null() && driverTypeName(astype) != driverTypeName(dtype))
        return cannotEncode("filter", filter, "its astype is not its dtype");
    const auto size = static_cast<std::uint64_t>(name[1] - '0');
    if (chunkBytes % size != 0)
        return cannotEncode("filter", filter,
                            "a chunk of " + std::to_string(chunkBytes) +
                                " bytes is not a multiple of its dtype");
    return Status::ok();
}

Status checkShuffle(const Json &filter, std::uint64_t chunkBytes)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkMembers(filter, {"elementsize"}));
    const Json size =
        filter.contains("elementsize") ? filter["elementsize"] : Json(4);
    const bool isKnown = size.is_number_integer() &&
                         (size == 1 || size == 2 || size == 4 || size == 8);
    if (!isKnown)
        return cannotEncode("filter", filter,
                            "its elementsize must be 1, 2, 4 or 8");
    if (chunkBytes % size.get<std::uint64_t>() != 0)
        return cannotEncode("filter", filter,
                            "a chunk of " + std::to_string(chunkBytes) +
                                " bytes is not a multiple of its elementsize");
    return Status::ok();
}

/// Why others than delta and shuffle cannot be written.
std::string reasonAgainst(std::string_view id)
{
    const auto isOneOf = [id](std::initializer_list<std::string_view> names)
    { return std::ranges::find(names, id) != names.end(); };
    if (id == "fixedscaleoffset")
        return "pack the values instead: an integer data type, scale and "
               "offset";
    if (isOneOf({"quantize", "bitround"}))
        return "it cannot round values; only delta and shuffle are known";
    // The driver's buffer for a filter's result is no larger than the chunk.
    if (isOneOf({"blosc", "bz2", "gzip", "lz4", "lzma", "zlib", "zstd"}))
        return "as a filter it fails on data that do not shrink; it can be "
               "the compressor";
    return "only delta and shuffle are known";
}

}  // namespace

Status checkFiltersV2(const Json &filters, std::uint64_t chunkBytes)
{
    if (filters.is_null())
        return Status::ok();
    if (!filters.is_array())
        return error("'filters' is not a list");
    for (const Json &filter : filters)
    {
        const auto id = textMember(filter, "id");
        if (id == "delta")
            MDIMAPPEND_RETURN_IF_ERROR(checkDelta(filter, chunkBytes));
        else if (id == "shuffle")
            MDIMAPPEND_RETURN_IF_ERROR(checkShuffle(filter, chunkBytes));
        else
            return cannotEncode("filter", filter, reasonAgainst(id));
    }
    return Status::ok();
}

bool hasFloatDelta(const Json &filters)
{
    return filters.is_array() &&
           std::ranges::any_of(
               filters,
               [](const Json &filter)
               {
                   return member(filter, "id") == "delta" &&
                          isFloatName(withoutOrder(member(filter, "dtype")));
               });
}

Json driverFilters(const Json &filters)
{
    if (!filters.is_array())
        return filters;
    Json spelled = filters;
    for (Json &filter : spelled)
    {
        if (member(filter, "id") != "delta")
            continue;
        filter["dtype"] = driverTypeName(member(filter, "dtype"));
        if (filter.contains("astype"))
            filter["astype"] = filter["dtype"];
    }
    return spelled;
}

Result<Json> newFiltersV2(const Json &filters, const DataType &type,
                          std::uint64_t chunkBytes)
{
    if (filters.is_null() || (filters.is_array() && filters.empty()))
        return Json(nullptr);
    MDIMAPPEND_RETURN_IF_ERROR(checkFiltersV2(filters, chunkBytes));
    if (type.isString())
        return error("filters of strings are not supported");
    if (hasFloatDelta(filters))
        return error(
            "the filter 'delta' of floating-point numbers rounds them, and "
            "a NaN would spoil all that follow: give it the integer dtype of "
            "the same size, which is exact");
    return driverFilters(filters);
}

}  // namespace mdimappend
