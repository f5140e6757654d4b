// Finds the outermost Zarr root of a local target, links resolved.

#include "journal/site.h"

#include <cpl_vsi.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <filesystem>
#include <sys/stat.h>

namespace mdimappend
{

namespace
{

namespace fs = std::filesystem;

/// Nothing if there is no such file or folder.
Result<std::optional<struct stat>> stateOf(Posix &posix, const fs::path &path)
{
    struct stat state = {};
    if (posix.stat(path.c_str(), &state) == 0)
        return std::optional(state);
    const int code = errno;
    if (code == ENOENT || code == ENOTDIR)
        return std::optional<struct stat>();
    return error("cannot stat '" + path.string() + "': " + std::strerror(code));
}

Result<bool> isFolder(Posix &posix, const fs::path &path)
{
    MDIMAPPEND_ASSIGN(const auto state, stateOf(posix, path));
    return state && S_ISDIR(state->st_mode);
}

Result<bool> isZarrNode(Posix &posix, const fs::path &folder)
{
    for (const char *document :
         {".zgroup", ".zarray", ".zmetadata", "zarr.json"})
    {
        MDIMAPPEND_ASSIGN(const auto state, stateOf(posix, folder / document));
        if (state)
            return true;
    }
    return false;
}

Result<std::string> checkedGroup(const std::string &group)
{
    std::string clean;
    for (const auto &part : fs::path(group))
    {
        if (part.empty() || part == "/" || part == ".")
            continue;
        if (part == "..")
            return Status(Failure::Usage,
                          "the group '" + group + "' leads out of the store");
        clean += (clean.empty() ? "" : "/") + part.string();
    }
    return clean;
}

/// Links resolved, whether or not the last component exists.
Result<fs::path> resolve(const std::string &target)
{
    std::error_code code;
    fs::path path = fs::absolute(target, code);
    if (code)
        return error("target '" + target + "': " + code.message());
    path = path.lexically_normal();
    if (path.filename().empty())
        path = path.parent_path();
    const auto status = fs::symlink_status(path, code);
    if (fs::is_symlink(status) && !fs::exists(path, code))
        return error("target '" + target +
                     "' is a link that leads nowhere. Nothing was written.");
    if (fs::exists(path, code))
    {
        path = fs::canonical(path, code);
    }
    else
    {
        if (code && code.value() != ENOENT && code.value() != ENOTDIR)
            return error("target '" + target + "': " + code.message());
        const fs::path parent = fs::canonical(path.parent_path(), code);
        if (code)
            return error(
                "target '" + target + "': the folder '" +
                path.parent_path().string() +
                "' does not exist; make it first. Nothing was written.");
        path = parent / path.filename();
    }
    if (code)
        return error("target '" + target + "': " + code.message());
    return path;
}

}  // namespace

Result<Site> locateSite(const std::string &target, const std::string &group,
                        Posix &posix)
{
    if (target.empty())
        return Status(Failure::Usage, "the target has no name");
    MDIMAPPEND_ASSIGN(const std::string below, checkedGroup(group));
    MDIMAPPEND_ASSIGN(fs::path root, resolve(target));

    std::error_code code;
    fs::path inside;
    const fs::path asGiven = root;
    // A target inside a store names a group of that store.
    for (fs::path above = root; above.has_relative_path();
         above = above.parent_path())
    {
        MDIMAPPEND_ASSIGN(const bool isNode, isZarrNode(posix, above));
        if (isNode)
        {
            inside = asGiven.lexically_relative(above);
            root = above;
        }
    }
    MDIMAPPEND_ASSIGN(const auto given, stateOf(posix, asGiven));
    if (given && !S_ISDIR(given->st_mode))
        return error("target '" + target +
                     "' is a file, not a Zarr store. Nothing was written.");
    if (!root.has_relative_path())
        return error("target '" + target +
                     "' is the root of the file system. Nothing was written.");

    Site site;
    site.parent = root.parent_path().string();
    if (site.parent == "/")
        site.parent.clear();
    site.name = root.filename().string();
    if (inside != "." && !inside.empty())
        site.group = inside.string();
    if (!below.empty())
        site.group += (site.group.empty() ? "" : "/") + below;
    MDIMAPPEND_RETURN_IF_ERROR(refuseSidecar(site));
    MDIMAPPEND_ASSIGN(const bool folderExists, isFolder(posix, root));
    if (folderExists)
    {
        MDIMAPPEND_ASSIGN(site.exists, isZarrNode(posix, root));
    }
    if (folderExists && !site.exists)
    {
        code.clear();
        site.foreign = !fs::is_empty(root, code);
        if (code)
            return error("target '" + target + "': " + code.message());
    }

    MDIMAPPEND_ASSIGN(const auto parent, stateOf(posix, site.parent + "/"));
    MDIMAPPEND_ASSIGN(const auto store, stateOf(posix, site.store()));
    if (parent && store && parent->st_dev != store->st_dev)
        return error("target '" + target +
                     "' is a mount point: its sidecar beside it would be on "
                     "another file system. Name a folder inside it. Nothing "
                     "was written.");
    return site;
}

Status refuseSidecar(const Site &site)
{
    const std::string suffix = sidecarSuffix;
    for (fs::path place = site.store(); place.has_relative_path();
         place = place.parent_path())
    {
        const auto name = place.filename().string();
        if (!name.ends_with(suffix) || name == suffix)
            continue;
        const auto owner = name.substr(0, name.size() - suffix.size());
        return error("target '" + site.store() + "': folders called '*" +
                     suffix + "' are sidecars. '" + place.string() +
                     "' belongs to the store '" + owner +
                     "' beside it, and no store can be called so, or be below "
                     "it. Name another folder; a store that is called so "
                     "already has to be renamed, and its sidecar with it. "
                     "Nothing was written.");
    }
    return Status::ok();
}

Status refuseForeign(const Site &site)
{
    if (!site.foreign)
        return Status::ok();
    return error("target '" + site.store() +
                 "' is a non-empty folder, and not a Zarr store. It was left "
                 "as it is; name another target.");
}

}  // namespace mdimappend
