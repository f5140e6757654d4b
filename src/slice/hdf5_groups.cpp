// Goes through the links in groups, with libhdf5.

#include "slice/hdf5_groups.h"

#include "slice/hdf5_file.h"
#include "zarr/document_key.h"

namespace mdimappend
{

namespace
{

struct Members
{
    const std::string &group;
    Hdf5Attributes &found;
    std::string damaged{};  ///< in words
};

bool lookAt(hid_t from, const char *name, const std::string &key,
            Members &members)
{
    const Hdf5Handle object(H5Oopen(from, name, H5P_DEFAULT), H5Oclose);
    if (!object)
        return true;
    if (const auto attribute = lookAtAttributes(object, key, members.found))
        members.damaged = "attribute '" + *attribute + "' of '" + key + "'";
    return members.damaged.empty();
}

herr_t noteMember(hid_t group, const char *name, const H5L_info2_t *link,
                  void *data)
{
    auto &members = *static_cast<Members *>(data);
    // Links to other files are not followed here, whatever is allowed.
    if (link->type != H5L_TYPE_HARD && link->type != H5L_TYPE_SOFT)
        return 0;
    return lookAt(group, name, documentKey(members.group, name), members) ? 0
                                                                          : 1;
}

}  // namespace

Status lookAtGroups(const std::string &name,
                    const std::vector<std::string> &groups,
                    Hdf5Attributes &found)
{
    const QuietHdf5 quiet;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (kindOfHdf5(name, access) != Hdf5Kind::Hdf5)
        return Status::ok();
    const Hdf5Handle file = openHdf5(name, access);
    for (const auto &group : groups)
    {
        Members members{group, found};
        const auto path = "/" + group;
        if (file && lookAt(file, path.c_str(), group, members))
            H5Literate_by_name2(file, path.c_str(), H5_INDEX_NAME,
                                H5_ITER_NATIVE, nullptr, noteMember, &members,
                                H5P_DEFAULT);
        if (!members.damaged.empty())
            return unavailable("is damaged: " + members.damaged +
                               " cannot be read.");
    }
    return Status::ok();
}

}  // namespace mdimappend
