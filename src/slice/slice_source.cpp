// Looks up arrays and dimensions of a slice, and holds the checks that slices
// of all kinds share.

#include "slice/slice_source.h"

#include <algorithm>

namespace mdimappend
{

SourceArray *SourceContents::find(std::string_view name)
{
    const auto found = std::ranges::find_if(arrays, [&](const SourceArray &a)
                                            { return a.array.name == name; });
    return found == arrays.end() ? nullptr : &*found;
}

const SourceDimension *
SourceContents::findDimension(std::string_view name) const
{
    const auto found =
        std::ranges::find(dimensions, name, &SourceDimension::name);
    return found == dimensions.end() ? nullptr : &*found;
}

std::string SourceContents::listDimensions() const
{
    std::string list;
    for (const SourceDimension &dimension : dimensions)
        list += (list.empty() ? "" : ", ") + dimension.name + " (" +
                std::to_string(dimension.size) + ")";
    return list.empty() ? "none" : list;
}

std::string firstName(const std::string &gridMapping)
{
    return gridMapping.substr(0, gridMapping.find_first_of(": "));
}

std::string validKey(std::string_view name)
{
    std::string key(name);
    for (char &c : key)
        if (c == '/' || c == '\\' || c == '\x7f' ||
            static_cast<unsigned char>(c) < 0x20)
            c = '_';
    // Names of documents, and of folders, are no names for arrays.
    if (key.empty() || key.front() == '.' || key == "zarr.json")
        key.insert(key.begin(), '_');
    return key;
}

std::pair<std::string, std::string> keyAndValue(std::string_view item)
{
    const std::size_t sign = item.find('=');
    if (sign == std::string_view::npos)
        return {std::string(item), {}};
    return {std::string(item.substr(0, sign)),
            std::string(item.substr(sign + 1))};
}

Status checkUnchanged(const Slice &slice)
{
    const auto file = slice.changed();
    if (file.empty())
        return Status::ok();
    return {Failure::Unavailable, "slice '" + slice.name() +
                                      "' changed while it was read: '" + file +
                                      "' is not what it was."};
}

Status checkReadWhole(const std::string &array,
                      std::span<const std::uint64_t> shape)
{
    constexpr std::uint64_t most = std::uint64_t{1} << 27;
    std::uint64_t count = 1;
    for (const auto size : shape)
    {
        if (size == 0)
            return Status::ok();
        count = size > most ? most + 1 : std::min(count * size, most + 1);
    }
    if (count <= most)
        return Status::ok();
    return refused("array '" + array +
                   "': it has to be read as a whole, and "
                   "has more than " +
                   std::to_string(most) + " elements.");
}

Status checkStorable(const std::string &array, const GDALExtendedDataType &type)
{
    const auto refuse = [&](const std::string &what)
    {
        return refused("array '" + array + "': " + what +
                       " cannot be stored. Exclude it with --exclude-array.");
    };
    if (type.GetClass() == GEDTC_COMPOUND)
        return refuse("a compound type");
    if (type.GetClass() == GEDTC_STRING)
        return Status::ok();
    const GDALDataType numeric = type.GetNumericDataType();
    if (numeric == GDT_Unknown || numeric == GDT_CInt16 ||
        numeric == GDT_CInt32 || numeric == GDT_CFloat16)
        return refuse(std::string("type ") + GDALGetDataTypeName(numeric));
    return Status::ok();
}

GDALExtendedDataType nativeType(const GDALExtendedDataType &type)
{
    return type.GetClass() == GEDTC_STRING
               ? GDALExtendedDataType::CreateString()
               : GDALExtendedDataType::Create(type.GetNumericDataType());
}

}  // namespace mdimappend
