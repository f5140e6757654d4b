// Looks at attributes with libhdf5: whether they have a value, whether it can
// be read, and whether GDAL's drivers read it.

#include "slice/hdf5_attributes.h"

#include "slice/hdf5_file.h"

#include <cstddef>
#include <cstdint>

namespace mdimappend
{

namespace
{

constexpr herr_t nextOne = 0;
constexpr herr_t thisOne = 1;

/// More than any attribute has that is meant.
constexpr std::size_t largestAttribute = std::size_t{1} << 28;

struct Search
{
    const std::string &path;
    Hdf5Attributes &found;
    std::string unreadable = "?";
};

/// Numbers of C, and texts; GDAL has a float of 2 bytes, its drivers pass over
/// attributes of it.
bool isOfOtherType(hid_t type)
{
    const std::size_t size = H5Tget_size(type);
    switch (H5Tget_class(type))
    {
    case H5T_INTEGER:
        return size > 8;
    case H5T_FLOAT:
        return size != 4 && size != 8;
    case H5T_STRING:
        return false;
    default:
        return true;
    }
}

/// In the form that it has in the file, so that nothing is converted but what
/// lies elsewhere in the file: texts and lists of any length.
bool canBeRead(hid_t attribute, hid_t space, hid_t type)
{
    const auto count = H5Sget_simple_extent_npoints(space);
    const std::size_t size = H5Tget_size(type);
    if (count < 0 || size == 0 ||
        static_cast<std::uint64_t>(count) > largestAttribute / size)
        return false;
    if (count == 0)
        return true;
    std::vector<char> value(static_cast<std::size_t>(count) * size);
    // After a failure it may hold pointers to nothing.
    return H5Aread(attribute, type, value.data()) >= 0 &&
           H5Treclaim(type, space, H5P_DEFAULT, value.data()) >= 0;
}

herr_t lookAtAttribute(hid_t object, const char *name, const H5A_info_t *,
                       void *data)
{
    auto &search = *static_cast<Search *>(data);
    const Hdf5Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
    const Hdf5Handle space(
        attribute ? H5Aget_space(attribute) : H5I_INVALID_HID, H5Sclose);
    const Hdf5Handle type(attribute ? H5Aget_type(attribute) : H5I_INVALID_HID,
                          H5Tclose);
    if (!space || !type || !canBeRead(attribute, space, type))
    {
        search.unreadable = name;
        return thisOne;
    }
    if (H5Sget_simple_extent_type(space) == H5S_NULL)
        search.found.withoutValue[search.path].emplace_back(name);
    else if (isOfOtherType(type))
        search.found.ofOtherTypes[search.path].emplace_back(name);
    return nextOne;
}

}  // namespace

std::optional<std::string>
lookAtAttributes(hid_t object, const std::string &path, Hdf5Attributes &found)
{
    Search search{path, found};
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
                    lookAtAttribute, &search) == nextOne)
        return std::nullopt;
    return search.unreadable;
}

AttributeNames namesOf(const std::map<std::string, AttributeNames> &byObject,
                       const std::string &object)
{
    const auto found = byObject.find(object);
    return found == byObject.end() ? AttributeNames() : found->second;
}

}  // namespace mdimappend
