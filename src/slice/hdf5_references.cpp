// Looks through an HDF5 file for data that lie in other files, and refuses
// those that lead elsewhere.

#include "slice/hdf5_references.h"

#include "slice/hdf5_file.h"
#include "slice/zarr_references.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace mdimappend
{

namespace
{

constexpr herr_t goOn = 0;
constexpr herr_t stopHere = 1;

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
    return stopHere;
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
    const Hdf5Handle dataset(H5Dopen2(root, name, H5P_DEFAULT), H5Dclose);
    if (!dataset)
        return -1;
    const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
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

bool callsHdf5(const std::string &driver)
{
    constexpr std::array drivers = {"netCDF", "HDF5", "HDF5Image", "BAG",
                                    "S102",   "S104", "S111",      "KEA"};
    return std::ranges::find(drivers, driver) != drivers.end();
}

Status uncheckable(const std::string &why)
{
    return refused("cannot be searched for references to other files: " + why +
                   " --slice-config " + referencesAllowed +
                   " reads it unchecked.");
}

}  // namespace

Status checkHdf5References(const std::string &name, const std::string &driver)
{
    if (!callsHdf5(driver) || areReferencesAllowed())
        return Status::ok();
    const QuietHdf5 quiet;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    const auto kind = kindOfHdf5(name, access);
    if (kind == Hdf5Kind::Other)
        return Status::ok();
    if (kind == Hdf5Kind::Unreachable)
        return uncheckable("GDAL's HDF5 driver is missing.");
    const Hdf5Handle file = openHdf5(name, access);
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
