// How LocalStorage writes objects: always as new files, with the access rights
// of what they replace, and only where a rename to their destination can
// succeed.

#include "storage/local_storage.h"

#include "storage/open_file.h"
#include "storage/paths.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace mdimappend
{

namespace
{

constexpr int newFile = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

}  // namespace

Status LocalStorage::put(const std::string &path, std::string_view bytes)
{
    return writeNew(path, bytes, nullptr);
}

Result<std::optional<std::string>>
LocalStorage::putUnlessThere(const std::string &path, std::string_view bytes)
{
    MDIMAPPEND_ASSIGN(const int fd, openUnlessThere(path));
    if (fd < 0)
        return std::optional<std::string>();
    struct stat made = {};
    const bool known = m_posix.fstat(fd, &made) == 0;
    struct stat own = {};
    if (auto written = complete(fd, path, bytes, nullptr, false, &own);
        !written)
    {
        struct stat there = {};
        if (known && m_posix.lstat(path.c_str(), &there) == 0 &&
            there.st_ino == made.st_ino && there.st_dev == made.st_dev)
            m_posix.unlink(path.c_str());
        return written;
    }
    return std::optional<std::string>(versionOf(own));
}

Result<std::string> LocalStorage::stage(const std::string &path,
                                        std::string_view bytes,
                                        const std::string &destination)
{
    struct stat written = {};
    MDIMAPPEND_RETURN_IF_ERROR(writeNew(path, bytes, &destination, &written));
    // What waits for one decision stays together.
    m_folders.expect(parentFolder(path));
    return versionOf(written);
}

Status LocalStorage::writeNew(const std::string &path, std::string_view bytes,
                              const std::string *likeObject,
                              struct stat *written)
{
    MDIMAPPEND_ASSIGN(const int fd, openNew(path));
    return complete(fd, path, bytes, likeObject, false, written);
}

/// Fills and closes a file that was just created.
Status LocalStorage::complete(int fd, const std::string &path,
                              std::string_view bytes,
                              const std::string *likeObject, bool syncNow,
                              struct stat *written)
{
    OpenFile file(m_posix, fd);
    m_barrier.changed(path);
    if (likeObject)
        MDIMAPPEND_RETURN_IF_ERROR(checkPublishable(fd, *likeObject));
    if (auto filled = writeAll(fd, bytes); !filled)
        return std::move(filled).prefixed("cannot write '" + path + "'");
    if (likeObject)
        MDIMAPPEND_RETURN_IF_ERROR(takeRights(fd, *likeObject));
    if (syncNow && m_barrier.durability() == Durability::Full &&
        m_posix.fsync(fd) != 0)
        return systemError("cannot sync", path);
    if (written && m_posix.fstat(fd, written) != 0)
        return systemError("cannot stat", path);
    if (file.close() != 0)
        return systemError("cannot close", path);
    return Status::ok();
}

/// Creates a file: its descriptor, -1 if there is one.
Result<int> LocalStorage::openUnlessThere(const std::string &path)
{
    const auto folder = parentFolder(path);
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.make(folder));
    int fd = createFile(path);
    if (fd < 0 && errno == ENOENT)
    {
        // Somebody removed the folder since it was last seen.
        m_folders.forget();
        MDIMAPPEND_RETURN_IF_ERROR(m_folders.make(folder));
        fd = createFile(path);
    }
    if (fd < 0 && errno != EEXIST)
        return systemError("cannot create", path);
    return fd;
}

Result<int> LocalStorage::openNew(const std::string &path)
{
    MDIMAPPEND_ASSIGN(int fd, openUnlessThere(path));
    if (fd >= 0)
        return fd;
    if (m_posix.unlink(path.c_str()) != 0 && errno != ENOENT)
        return systemError("cannot remove", path);
    fd = createFile(path);
    if (fd < 0)
        return systemError("cannot create", path);
    return fd;
}

/// A rename after the decision that can never succeed would leave an append
/// that can neither be finished nor undone.
Status LocalStorage::checkPublishable(int fd, const std::string &destination)
{
    struct stat staged = {};
    if (m_posix.fstat(fd, &staged) != 0)
        return systemError("cannot stat the replacement of", destination);
    // The folder it goes to, or the one that this will be made in.
    auto folder = parentFolder(destination);
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.refuseLinks(folder));
    struct stat there = {};
    while (m_posix.stat(folder.c_str(), &there) != 0)
    {
        if (errno != ENOENT || folder == "/" || folder == ".")
            return systemError("cannot stat", folder);
        folder = parentFolder(folder);
    }
    if (there.st_dev != staged.st_dev)
        return error("'" + folder +
                     "' is on another file system than the "
                     "target's sidecar: nothing can be moved "
                     "there atomically.");
    if (m_posix.access(folder.c_str(), W_OK | X_OK) != 0)
        return systemError("cannot write to folder", folder);
    return Status::ok();
}

Status LocalStorage::writeAll(int fd, std::string_view bytes)
{
    while (!bytes.empty())
    {
        const ssize_t count = m_posix.write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return error(count < 0 ? std::strerror(errno)
                                   : "nothing could be written");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return Status::ok();
}

Status LocalStorage::takeRights(int fd, const std::string &likeObject)
{
    struct stat like = {};
    if (m_posix.stat(likeObject.c_str(), &like) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? Status::ok()
                   : systemError("cannot stat", likeObject);
    struct stat own = {};
    if (m_posix.fstat(fd, &own) != 0)
        return systemError("cannot stat the replacement of", likeObject);
    // Only root may give files away; in a shared folder the group matters.
    if ((own.st_uid != like.st_uid || own.st_gid != like.st_gid) &&
        m_posix.fchown(fd, like.st_uid, like.st_gid) != 0 &&
        (errno != EPERM ||
         m_posix.fchown(fd, static_cast<uid_t>(-1), like.st_gid) != 0) &&
        errno != EPERM)
        return systemError("cannot set the owner of the replacement of",
                           likeObject);
    // No document is a program: a link may lead to one that has set-user-ID.
    const mode_t mode = like.st_mode & (S_ISDIR(like.st_mode) ? 07777 : 0777);
    if ((own.st_mode & 07777) != mode && m_posix.fchmod(fd, mode) != 0)
        return systemError("cannot set the mode of the replacement of",
                           likeObject);
    return Status::ok();
}

/// A descriptor, or -1: there is one already, or errno says why not.
int LocalStorage::createFile(const std::string &path)
{
    return m_posix.open(path.c_str(), newFile, 0666);
}

}  // namespace mdimappend
