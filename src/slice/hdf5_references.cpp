#include "slice/hdf5_references.h"

#include "slice/zarr_references.h"

#include <algorithm>
#include <array>
#include <cpl_error.h>
#include <gdal_priv.h>
#include <hdf5.h>
#include <optional>

namespace mdimappend
{

namespace
{

class Handle
{
  public:
    Handle(hid_t id, herr_t (*close)(hid_t)) : m_id(id), m_close(close)
    {
    }

    ~Handle()
    {
        if (m_id >= 0)
            m_close(m_id);
    }

    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;

    explicit operator bool() const
    {
        return m_id >= 0;
    }

    operator hid_t() const
    {
        return m_id;
    }

  private:
    hid_t m_id;
    herr_t (*m_close)(hid_t);
};

/// What fails is told by what it returns, not on standard error.
class QuietHdf5
{
  public:
    QuietHdf5()
    {
        H5Eget_auto2(H5E_DEFAULT, &m_function, &m_data);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }

    ~QuietHdf5()
    {
        H5Eset_auto2(H5E_DEFAULT, m_function, m_data);
    }

    QuietHdf5(const QuietHdf5 &) = delete;
    QuietHdf5 &operator=(const QuietHdf5 &) = delete;

  private:
    H5E_auto2_t m_function = nullptr;
    void *m_data = nullptr;
};

constexpr herr_t goOn = 0;
constexpr herr_t found = 1;

struct Reference
{
    std::string object;
    std::string kind;
    std::string file;
};

herr_t tell(void *reference, const char *object, const char *kind,
            const std::string &file)
{
    *static_cast<Reference *>(reference) = {object, kind, file};
    return found;
}

herr_t lookAtLink(hid_t group, const char *name, const H5L_info2_t *link,
                  void *reference)
{
    if (link->type == H5L_TYPE_HARD || link->type == H5L_TYPE_SOFT)
        return goOn;
    std::string value(link->u.val_size, '\0');
    unsigned flags = 0;
    const char *file = "";
    const char *object = "";
    if (link->type != H5L_TYPE_EXTERNAL ||
        H5Lget_val(group, name, value.data(), value.size(), H5P_DEFAULT) < 0 ||
        H5Lunpack_elink_val(value.data(), value.size(), &flags, &file,
                            &object) < 0)
        file = "?";
    return tell(reference, name, "is a link to another file", file);
}

std::string externalFile(hid_t creation)
{
    std::array<char, 1024> name = {};
    off_t offset = 0;
    hsize_t size = 0;
    if (H5Pget_external(creation, 0, name.size() - 1, name.data(), &offset,
                        &size) < 0)
        return "?";
    return name.data();
}

/// The first source of a virtual dataset that is not the file itself.
std::optional<std::string> virtualFile(hid_t creation)
{
    std::size_t count = 0;
    if (H5Pget_virtual_count(creation, &count) < 0)
        return "?";
    for (std::size_t i = 0; i < count; ++i)
    {
        std::array<char, 1024> name = {};
        if (H5Pget_virtual_filename(creation, i, name.data(), name.size()) < 0)
            return "?";
        if (std::string_view(name.data()) != ".")
            return name.data();
    }
    return std::nullopt;
}

herr_t lookAtObject(hid_t root, const char *name, const H5O_info2_t *object,
                    void *reference)
{
    if (object->type != H5O_TYPE_DATASET)
        return goOn;
    const Handle dataset(H5Dopen2(root, name, H5P_DEFAULT), H5Dclose);
    if (!dataset)
        return -1;
    const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
    const int external = creation ? H5Pget_external_count(creation) : -1;
    if (external < 0)
        return -1;
    if (external > 0)
        return tell(reference, name, "has its values in another file",
                    externalFile(creation));
    if (H5Pget_layout(creation) != H5D_VIRTUAL)
        return goOn;
    const auto file = virtualFile(creation);
    return file ? tell(reference, name, "has its values in other files", *file)
                : goOn;
}

/// GDAL gives libhdf5 a driver for its file systems when it first needs it.
bool isVsiReadable(const std::string &name)
{
    constexpr const char *vsi = "vsil";
    if (H5FDis_driver_registered_by_name(vsi) <= 0)
    {
        const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
        const char *const drivers[] = {"HDF5", nullptr};
        GDALDatasetUniquePtr(
            GDALDataset::Open(name.c_str(), GDAL_OF_MULTIDIM_RASTER, drivers));
    }
    return H5FDis_driver_registered_by_name(vsi) > 0;
}

/// libhdf5 opens a file again only in the way in which GDAL's drivers, or
/// others in this process, have it open.
hid_t openFile(const std::string &name, hid_t access)
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
                return file;
        }
    }
    return H5I_INVALID_HID;
}

bool callsHdf5(const std::string &driver)
{
    constexpr std::array drivers = {"netCDF", "HDF5", "HDF5Image", "BAG",
                                    "S102",   "S104", "S111",      "KEA"};
    return std::ranges::find(drivers, driver) != drivers.end();
}

Status uncheckable(const std::string &why)
{
    return refused(
        "cannot be looked through for references to other files: " + why +
        " --slice-config " + referencesAllowed + " reads it without.");
}

}  // namespace

Status checkHdf5References(const std::string &name, const std::string &driver)
{
    if (!callsHdf5(driver) || areReferencesAllowed())
        return Status::ok();
    const QuietHdf5 quiet;
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (name.starts_with("/vsi"))
    {
        if (!isVsiReadable(name) ||
            H5Pset_driver_by_name(access, "vsil", nullptr) < 0)
            return uncheckable("GDAL's HDF5 driver is missing.");
    }
    if (H5Fis_accessible(name.c_str(), access) == 0)
        return Status::ok();
    const Handle file(openFile(name, access), H5Fclose);
    Reference reference;
    const auto visit = [&]
    {
        if (!file)
            return herr_t(-1);
        const auto links = H5Lvisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE,
                                     lookAtLink, &reference);
        return links != goOn
                   ? links
                   : H5Ovisit3(file, H5_INDEX_NAME, H5_ITER_NATIVE,
                               lookAtObject, &reference, H5O_INFO_BASIC);
    };
    const auto result = visit();
    if (result < 0)
        return uncheckable("libhdf5 cannot read all of its objects.");
    if (result == goOn)
        return Status::ok();
    return refused("object '" + reference.object + "' " + reference.kind +
                   ", '" + reference.file + "'. --slice-config " +
                   referencesAllowed + " reads it.");
}

}  // namespace mdimappend
