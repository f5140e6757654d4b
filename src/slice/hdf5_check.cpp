// Looks through an HDF5 file for what it must not have, or cannot give.

#include "slice/hdf5_check.h"

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

struct Finding
{
    Hdf5Attributes attributes{};
    /// What ends the search.
    Status status = Status::ok();
};

herr_t tell(void *finding, const char *object, const char *kind,
            const std::string &file)
{
    if (areReferencesAllowed())
        return goOn;
    static_cast<Finding *>(finding)->status =
        refused("object '" + std::string(object) + "' " + kind + ", '" + file +
                "'. --slice-config " + referencesAllowed + " reads it.");
    return stopHere;
}

herr_t tellDamage(void *finding, const std::string &what)
{
    static_cast<Finding *>(finding)->status =
        unavailable("is damaged: " + what + " cannot be read.");
    return stopHere;
}

herr_t lookAtLink(hid_t group, const char *name, const H5L_info2_t *link,
                  void *finding)
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
    return tell(finding, name, "is a link to another file", file);
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

herr_t lookAtStorage(hid_t dataset, const char *name, void *finding)
{
    const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
    const int external = creation ? H5Pget_external_count(creation) : -1;
    if (external < 0)
        return -1;
    if (external > 0)
        return tell(finding, name, "has its values in another file",
                    externalFile(creation));
    if (H5Pget_layout(creation) != H5D_VIRTUAL)
        return goOn;
    const auto file = virtualFile(creation);
    return file ? tell(finding, name, "has its values in other files", *file)
                : goOn;
}

/// What messages call an object; "." is how libhdf5 visits the root.
std::string inWords(const char *name, H5O_type_t type)
{
    const std::string quoted = "'" + std::string(name) + "'";
    if (quoted == "'.'")
        return "the root group";
    return (type == H5O_TYPE_DATASET ? "array " : "group ") + quoted;
}

herr_t lookAtObject(hid_t root, const char *name, const H5O_info2_t *info,
                    void *finding)
{
    const std::string what = inWords(name, info->type);
    const Hdf5Handle object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
    if (!object)
        return tellDamage(finding, what);
    auto &attributes = static_cast<Finding *>(finding)->attributes;
    const std::string path = what == "the root group" ? "" : name;
    if (const auto attribute = lookAtAttributes(object, path, attributes))
        return tellDamage(finding, "attribute '" + *attribute + "' of " + what);
    if (info->type != H5O_TYPE_DATASET)
        return goOn;
    const auto result = lookAtStorage(object, name, finding);
    return result < 0 ? tellDamage(finding, "the layout of " + what) : result;
}

}  // namespace

Result<CheckedHdf5> checkHdf5(const std::string &name)
{
    const QuietHdf5 quiet;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    const auto kind = kindOfHdf5(name, access);
    if (kind != Hdf5Kind::Hdf5)
        return CheckedHdf5{kind};
    const Hdf5Handle file = openHdf5(name, access);
    if (!file)
        return CheckedHdf5{Hdf5Kind::Unopened, {}, QuietHdf5::reason()};
    Finding finding;
    auto result =
        H5Lvisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, lookAtLink, &finding);
    if (result == goOn)
        result = H5Ovisit3(file, H5_INDEX_NAME, H5_ITER_NATIVE, lookAtObject,
                           &finding, H5O_INFO_BASIC);
    if (result < 0)
        return unavailable("is damaged: libhdf5 cannot read all of its "
                           "objects.");
    MDIMAPPEND_RETURN_IF_ERROR(std::move(finding.status));
    return CheckedHdf5{kind, std::move(finding.attributes), {}};
}

bool callsHdf5(const std::string &driver)
{
    constexpr std::array drivers = {"netCDF", "HDF5", "HDF5Image", "BAG",
                                    "S102",   "S104", "S111",      "KEA"};
    return std::ranges::find(drivers, driver) != drivers.end();
}

Status checkWasSearched(const CheckedHdf5 &checked)
{
    if (checked.kind == Hdf5Kind::Hdf5 || checked.kind == Hdf5Kind::Other ||
        areReferencesAllowed())
        return Status::ok();
    return refused("cannot be searched for references to other files: " +
                   (checked.kind == Hdf5Kind::Unreachable
                        ? "GDAL's HDF5 driver is missing"
                        : "libhdf5 cannot open it, " + checked.whyUnopened) +
                   ". --slice-config " + referencesAllowed +
                   " reads it unchecked.");
}

}  // namespace mdimappend
