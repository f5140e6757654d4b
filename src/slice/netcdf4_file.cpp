// Looks for what the netCDF library writes into HDF5 files for itself.

#include "slice/netcdf4_file.h"

#include "slice/hdf5_file.h"
#include "vsi/paths.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

bool hasAttribute(hid_t object, const char *name)
{
    return H5Aexists(object, name) > 0;
}

/// 1 ends the search. Dimensions, and variables of more than one, have the
/// number of a dimension beside them.
herr_t lookAtMember(hid_t root, const char *name, const H5L_info2_t *, void *)
{
    const Hdf5Handle object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
    return object && (hasAttribute(object, "_Netcdf4Dimid") ||
                      hasAttribute(object, "_Netcdf4Coordinates"));
}

bool hasMarkedMembers(hid_t file, const std::string &group)
{
    return H5Literate_by_name2(file, group.c_str(), H5_INDEX_NAME,
                               H5_ITER_NATIVE, nullptr, lookAtMember, nullptr,
                               H5P_DEFAULT) > 0;
}

}  // namespace

bool hasNetcdfName(const std::string &file)
{
    constexpr std::array<const char *, 4> endings = {"nc", "nc4", "cdf", "nc2"};
    const std::string ending = CPLGetExtensionSafe(file.c_str());
    return std::ranges::any_of(endings, [&](const char *each)
                               { return EQUAL(each, ending.c_str()); });
}

bool isNetcdf4ByAnotherName(const std::string &file, const std::string &group)
{
    if (isVirtual(file) || hasNetcdfName(file))
        return false;
    const QuietHdf5 quiet;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (kindOfHdf5(file, access) != Hdf5Kind::Hdf5)
        return false;
    const Hdf5Handle opened = openHdf5(file, access);
    return opened && (hasAttribute(opened, "_NCProperties") ||
                      hasAttribute(opened, "_nc3_strict") ||
                      hasMarkedMembers(opened, "/") ||
                      (!group.empty() && hasMarkedMembers(opened, group)));
}

}  // namespace mdimappend
