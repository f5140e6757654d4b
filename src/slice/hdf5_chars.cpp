// Looks up types and dimensions of datasets with libhdf5. NetCDF-4 keeps
// characters as texts of one byte, and dimensions as references to scales.

#include "slice/hdf5_chars.h"

#include "slice/hdf5_file.h"

namespace mdimappend
{

namespace
{

bool isOfChars(hid_t dataset)
{
    const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
    return type && H5Tget_class(type) == H5T_STRING &&
           H5Tis_variable_str(type) == 0 && H5Tget_size(type) == 1;
}

/// "time" of the object that a reference leads to; "" if it leads to none.
std::string nameOfScale(hid_t dataset, const hobj_ref_t &reference)
{
    const Hdf5Handle scale(
        H5Rdereference2(dataset, H5P_DEFAULT, H5R_OBJECT, &reference),
        H5Oclose);
    std::string path(1024, '\0');
    const auto length =
        scale ? H5Iget_name(scale, path.data(), path.size()) : 0;
    path.resize(length > 0 && std::size_t(length) < path.size()
                    ? std::size_t(length)
                    : 0);
    return path.substr(path.rfind('/') + 1);
}

std::vector<std::string> scalesOf(hid_t dataset)
{
    std::vector<std::string> names;
    const Hdf5Handle list(H5Aopen_by_name(dataset, ".", "DIMENSION_LIST",
                                          H5P_DEFAULT, H5P_DEFAULT),
                          H5Aclose);
    if (!list)
        return names;
    const Hdf5Handle type(H5Aget_type(list), H5Tclose);
    const Hdf5Handle space(H5Aget_space(list), H5Sclose);
    const auto rank = space ? H5Sget_simple_extent_npoints(space) : 0;
    if (rank < 1 || rank > H5S_MAX_RANK || H5Tget_class(type) != H5T_VLEN)
        return names;
    std::vector<hvl_t> scales(static_cast<std::size_t>(rank));
    if (H5Aread(list, type, scales.data()) < 0)
        return names;
    for (const auto &scale : scales)
        names.push_back(
            scale.len > 0
                ? nameOfScale(dataset, *static_cast<hobj_ref_t *>(scale.p))
                : "");
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, scales.data());
    return names;
}

}  // namespace

std::optional<std::map<std::string, std::vector<std::string>>>
hdf5Chars(const std::string &file, const std::vector<std::string> &names)
{
    const QuietHdf5 quiet;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (kindOfHdf5(file, access) != Hdf5Kind::Hdf5)
        return {};
    const Hdf5Handle opened = openHdf5(file, access);
    if (!opened)
        return {};
    std::map<std::string, std::vector<std::string>> found;
    for (const auto &name : names)
    {
        const Hdf5Handle dataset(H5Dopen2(opened, name.c_str(), H5P_DEFAULT),
                                 H5Dclose);
        if (dataset && isOfChars(dataset))
            found[name] = scalesOf(dataset);
    }
    return found;
}

}  // namespace mdimappend
