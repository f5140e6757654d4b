#include "slice/hdf5_file.h"

#include <cpl_error.h>
#include <gdal_priv.h>

namespace mdimappend
{

namespace
{

/// What GDAL's HDF5 driver calls its access to GDAL's file systems.
constexpr const char *vsi = "vsil";

/// It makes libhdf5 know it when it first needs it.
bool isVsiReadable(const std::string &name)
{
    if (H5FDis_driver_registered_by_name(vsi) <= 0)
    {
        const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
        const char *const drivers[] = {"HDF5", nullptr};
        GDALDatasetUniquePtr(
            GDALDataset::Open(name.c_str(), GDAL_OF_MULTIDIM_RASTER, drivers));
    }
    return H5FDis_driver_registered_by_name(vsi) > 0;
}

}  // namespace

Hdf5Kind kindOfHdf5(const std::string &name, hid_t access)
{
    if (name.starts_with("/vsi") &&
        (!isVsiReadable(name) ||
         H5Pset_driver_by_name(access, vsi, nullptr) < 0))
        return Hdf5Kind::Unreachable;
    return H5Fis_accessible(name.c_str(), access) == 0 ? Hdf5Kind::Other
                                                       : Hdf5Kind::Hdf5;
}

/// libhdf5 opens a file again only in the way in which it is open.
Hdf5Handle openHdf5(const std::string &name, hid_t access)
{
    for (const bool locks : {true, false})
    {
        if (!locks)
            H5Pset_file_locking(access, false, true);
        for (const auto degree :
             {H5F_CLOSE_DEFAULT, H5F_CLOSE_SEMI, H5F_CLOSE_STRONG})
        {
            H5Pset_fclose_degree(access, degree);
            const auto file = H5Fopen(name.c_str(), H5F_ACC_RDONLY, access);
            if (file >= 0)
                return {file, H5Fclose};
        }
    }
    return {H5I_INVALID_HID, H5Fclose};
}

}  // namespace mdimappend
