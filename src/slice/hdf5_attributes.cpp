// Looks at attributes with libhdf5: whether they have a value, and whether it
// can be read.

#include "slice/hdf5_attributes.h"

#include "slice/hdf5_file.h"

namespace mdimappend
{

namespace
{

constexpr herr_t nextOne = 0;
constexpr herr_t thisOne = 1;

/// More than any attribute has that is meant.
constexpr std::size_t largestAttribute = std::size_t{1} << 28;

using Names = std::vector<std::string>;
using NamesByObject = std::map<std::string, Names>;

herr_t lookAtAttribute(hid_t object, const char *name, const H5A_info_t *,
                       void *names)
{
    const Hdf5Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
    if (!attribute)
        return nextOne;
    const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
    if (space && H5Sget_simple_extent_type(space) == H5S_NULL)
        static_cast<Names *>(names)->push_back(name);
    return nextOne;
}

void lookAt(hid_t object, const std::string &name, NamesByObject &found)
{
    Names names;
    H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, lookAtAttribute,
                &names);
    if (!names.empty())
        found[name] = std::move(names);
}

herr_t lookAtObjectNamed(hid_t root, const char *name, const H5L_info2_t *,
                         void *found)
{
    const Hdf5Handle object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
    if (object)
        lookAt(object, name, *static_cast<NamesByObject *>(found));
    return nextOne;
}

/// In the form that it has in the file, so that nothing is converted but what
/// lies elsewhere in the file: texts and lists of any length.
bool isReadable(hid_t attribute)
{
    const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
    const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
    if (!space || !type)
        return false;
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

herr_t stopAtUnreadable(hid_t object, const char *name, const H5A_info_t *,
                        void *found)
{
    const Hdf5Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
    if (attribute && isReadable(attribute))
        return nextOne;
    *static_cast<std::string *>(found) = name;
    return thisOne;
}

}  // namespace

std::optional<std::string> unreadableAttribute(hid_t object)
{
    std::string found = "?";
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
                    stopAtUnreadable, &found) == nextOne)
        return std::nullopt;
    return found;
}

std::map<std::string, std::vector<std::string>>
attributesWithoutValue(const std::string &file)
{
    NamesByObject found;
    const QuietHdf5 quiet;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (kindOfHdf5(file, access) != Hdf5Kind::Hdf5)
        return found;
    const Hdf5Handle opened = openHdf5(file, access);
    if (!opened)
        return found;
    lookAt(opened, "", found);
    H5Literate2(opened, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
                lookAtObjectNamed, &found);
    return found;
}

}  // namespace mdimappend
