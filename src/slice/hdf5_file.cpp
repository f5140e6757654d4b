// Opens HDF5 files with libhdf5, by whichever of its drivers reaches them.

#include "slice/hdf5_file.h"

#include "vsi/vsi_file.h"

#include <array>
#include <cpl_error.h>
#include <gdal_priv.h>
#include <string_view>

namespace mdimappend
{

namespace
{

/// What GDAL's HDF5 driver calls its access to GDAL's file systems.
constexpr const char *vsi = "vsil";

/// It is at the beginning, or behind a block of the user's of 512, 1024, ...
/// bytes.
bool hasSignature(const std::string &name)
{
    constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
    VsiFile file = VsiFile::open(name);
    constexpr std::uint64_t last = std::uint64_t{1} << 40;
    for (std::uint64_t at = 0; file && at <= last; at = at ? 2 * at : 512)
    {
        std::array<char, signature.size()> found{};
        if (!file.readAt(at, found.data(), found.size()))
            return false;
        if (std::string_view(found.data(), found.size()) == signature)
            return true;
    }
    return false;
}

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

herr_t keepInnermost(unsigned, const H5E_error2_t *error, void *text)
{
    if (error->desc)
        *static_cast<std::string *>(text) = error->desc;
    return 0;
}

}  // namespace

std::string QuietHdf5::reason()
{
    std::string text;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keepInnermost, &text);
    return text.empty() ? "it does not say why" : text;
}

bool isHdf5ThreadSafe()
{
    hbool_t is = false;
    return H5is_library_threadsafe(&is) >= 0 && is;
}

Hdf5Kind kindOfHdf5(const std::string &name, hid_t access)
{
    if (!hasSignature(name))
        return Hdf5Kind::Other;
    if (name.starts_with("/vsi") &&
        (!isVsiReadable(name) ||
         H5Pset_driver_by_name(access, vsi, nullptr) < 0))
        return Hdf5Kind::Unreachable;
    return Hdf5Kind::Hdf5;
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
