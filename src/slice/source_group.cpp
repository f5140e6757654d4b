// Takes the path of a group apart, and opens what is on the way.

#include "slice/source_group.h"

#include "slice/gdal_messages.h"
#include "slice/group_list.h"

namespace mdimappend
{

namespace
{

std::vector<std::string> partsOf(const std::string &path)
{
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (start < path.size())
    {
        const auto slash = std::min(path.find('/', start), path.size());
        if (slash > start)
            parts.push_back(path.substr(start, slash - start));
        start = slash + 1;
    }
    return parts;
}

}  // namespace

Result<std::string> groupPath(const std::string &spelled)
{
    std::string path;
    for (const auto &part : partsOf(spelled))
    {
        if (part == "." || part == "..")
            return Status(Failure::Usage,
                          "--slice-group: '" + spelled +
                              "' is no path of a group, as '/a/b' is.");
        path += "/" + part;
    }
    return path;
}

std::string SourceGroup::keyOf(std::size_t level) const
{
    std::string key;
    for (const auto &part : partsOf(path))
    {
        if (level-- == 0)
            break;
        key += (key.empty() ? "" : "/") + part;
    }
    return key;
}

std::string SourceGroup::keyOf(std::size_t level,
                               const std::string &array) const
{
    const auto key = keyOf(level);
    return key.empty() ? array : key + "/" + array;
}

std::vector<std::string> SourceGroup::keys() const
{
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < groups.size(); ++i)
        keys.push_back(keyOf(i));
    return keys;
}

Result<SourceGroup> openGroup(const std::shared_ptr<GDALGroup> &root,
                              const std::string &path)
{
    SourceGroup found{path, {root}};
    for (const auto &part : partsOf(path))
    {
        const GdalMessages quiet;
        auto group = found.own().OpenGroup(part);
        if (!group)
            return noSuchGroup(*root, found, part);
        found.groups.push_back(std::move(group));
    }
    return found;
}

std::shared_ptr<GDALMDArray> openArrayAt(const GDALGroup &root,
                                         const std::string &path)
{
    return path.starts_with('/') ? root.OpenMDArrayFromFullname(path)
                                 : root.OpenMDArray(path);
}

}  // namespace mdimappend
