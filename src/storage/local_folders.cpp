// Whole folders in LocalStorage: one that takes another's place, and a tree
// that goes.

#include "storage/local_storage.h"

#include "storage/folder_removal.h"
#include "storage/open_file.h"
#include "storage/paths.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace mdimappend
{

namespace
{

/// The parts of `path` below `anchor`; none if it is not below, or could lead
/// out of it.
std::vector<std::string> partsBelow(const std::string &anchor,
                                    const std::string &path)
{
    const auto start = anchor.ends_with('/') ? anchor : anchor + "/";
    if (!path.starts_with(start))
        return {};
    std::vector<std::string> parts;
    for (std::size_t begin = start.size(); begin <= path.size();)
    {
        const auto end = std::min(path.find('/', begin), path.size());
        parts.push_back(path.substr(begin, end - begin));
        if (parts.back().empty() || parts.back() == "." || parts.back() == "..")
            return {};
        begin = end + 1;
    }
    return parts;
}

}  // namespace

Status LocalStorage::makeFolders(const std::string &folder)
{
    return m_folders.make(folder);
}

void LocalStorage::expectFolder(const std::string &folder)
{
    m_folders.expect(folder);
}

Status LocalStorage::removeFolderIfEmpty(const std::string &folder)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        m_folders.refuseLinks(parentFolder(folder), Failure::Conflict));
    if (m_posix.rmdir(folder.c_str()) != 0 && errno != ENOENT)
        // EACCES, EPERM: a folder that another user made; the system says so
        // before it looks whether it is empty.
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ||
                       errno == EACCES || errno == EPERM
                   ? Status::ok()
                   : systemError("cannot remove folder", folder);
    m_folders.forget();
    m_barrier.folderChanged(parentFolder(folder));
    return Status::ok();
}

Status LocalStorage::makeReplacement(const std::string &folder,
                                     const std::string &destination)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.make(folder));
    // Whether two folders can be exchanged is only known from doing it.
    const auto probe = folder + ".probe";
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.make(probe));
    auto exchanged = exchange(folder, probe);
    MDIMAPPEND_RETURN_IF_ERROR(removeFolderIfEmpty(probe));
    MDIMAPPEND_RETURN_IF_ERROR(std::move(exchanged));

    const OpenFile made(m_posix, m_posix.open(folder.c_str(), folderNoLink, 0));
    if (made.fd() < 0)
        return systemError("cannot open folder", folder);
    MDIMAPPEND_RETURN_IF_ERROR(checkExchangeable(made.fd(), destination));
    // Now, not at the end: what is made in it may inherit its group.
    MDIMAPPEND_RETURN_IF_ERROR(takeRights(made.fd(), destination));
    m_barrier.changed(folder);
    if (m_posix.access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
        return systemError("with the access rights of '" + destination +
                               "' nothing could be written to folder",
                           folder);
    return Status::ok();
}

/// An exchange after the decision that can never succeed would leave an
/// overwrite that can neither be finished nor undone.
Status LocalStorage::checkExchangeable(int fd, const std::string &destination)
{
    struct stat made = {};
    struct stat there = {};
    struct stat above = {};
    const auto parent = parentFolder(destination);
    if (m_posix.fstat(fd, &made) != 0 ||
        m_posix.lstat(destination.c_str(), &there) != 0)
        return systemError("cannot stat", destination);
    if (m_posix.stat(parent.c_str(), &above) != 0)
        return systemError("cannot stat", parent);
    if (!S_ISDIR(there.st_mode))
        return error("'" + destination + "' is not a folder");
    if (there.st_dev != made.st_dev)
        return error("'" + destination +
                     "' is on another file system than its sidecar: they "
                     "cannot be exchanged atomically.");
    if (m_posix.access(parent.c_str(), W_OK | X_OK) != 0)
        return systemError("cannot write to folder", parent);
    // A folder that moves to another one has its `..` rewritten.
    if (m_posix.access(destination.c_str(), W_OK | X_OK) != 0)
        return systemError("cannot write to folder", destination);
    const uid_t user = geteuid();
    if ((above.st_mode & S_ISVTX) != 0 && user != 0 && user != there.st_uid &&
        user != above.st_uid)
        return error("'" + destination + "' belongs to another user, and '" +
                     parent + "' lets only the owner move it (sticky bit)");
    return Status::ok();
}

Status LocalStorage::exchange(const std::string &folder,
                              const std::string &other)
{
    if (m_posix.renameExchange(folder.c_str(), other.c_str()) != 0)
    {
        if (isUnsupported(errno))
            return error("the file system of '" + folder +
                         "' cannot exchange two folders atomically (" +
                         std::strerror(errno) + ")");
        return systemError("cannot exchange '" + folder + "' and", other);
    }
    m_folders.forget();
    m_barrier.changed(folder);
    m_barrier.changed(other);
    return Status::ok();
}

Result<std::optional<std::string>>
LocalStorage::identity(const std::string &folder)
{
    struct statx state = {};
    if (m_posix.statx(folder.c_str(), &state) != 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::optional<std::string>();
        return systemError("cannot stat", folder);
    }
    // A link is no folder, whatever it leads to.
    if (!S_ISDIR(state.stx_mode))
        return std::optional<std::string>();
    // The number of an inode is used again once it is free, hence its birth.
    // That of the device says nothing: another start of the system may give
    // another.
    auto identity = std::to_string(state.stx_ino);
    if (state.stx_mask & STATX_BTIME)
        identity += "-" + std::to_string(state.stx_btime.tv_sec) + "." +
                    std::to_string(state.stx_btime.tv_nsec);
    return std::optional<std::string>(std::move(identity));
}

Result<bool> LocalStorage::removeTree(const std::string &folder)
{
    const auto parts = partsBelow(m_anchorPath, folder);
    struct stat anchor = {};
    if (parts.empty())
        return error("'" + folder + "' is not below '" + m_anchorPath +
                     "', and was not removed");
    if (m_posix.fstat(m_anchor, &anchor) != 0)
        return systemError("cannot stat", m_anchorPath);
    std::vector<std::unique_ptr<OpenFile>> above;
    int innermost = m_anchor;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
    {
        above.push_back(std::make_unique<OpenFile>(
            m_posix,
            m_posix.openAt(innermost, parts[i].c_str(), folderNoLink)));
        innermost = above.back()->fd();
        if (innermost < 0 && errno == ENOENT)
            return true;
        if (innermost < 0)
            return systemError("cannot open folder '" + parts[i] + "' of",
                               folder);
    }
    auto removed =
        removeTreeIn(m_posix, anchor.st_dev, innermost, parts.back(), folder);
    m_folders.forget();
    m_barrier.folderChanged(parentFolder(folder));
    return removed;
}

}  // namespace mdimappend
