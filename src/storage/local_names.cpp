// How LocalStorage gives names: a name that is given once, complete and durable
// (a decision), and one that is taken over from what has it (a rename).

#include "storage/local_storage.h"

#include "storage/checksum.h"
#include "storage/open_file.h"
#include "storage/paths.h"

#include <cerrno>
#include <utility>

namespace mdimappend
{

Status LocalStorage::publish(const std::string &staged,
                             const std::string &destination)
{
    const auto folder = parentFolder(destination);
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.refuseLinks(parentFolder(staged)));
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.make(folder));
    int result = moveOver(staged, destination);
    if (result != 0 && errno == ENOENT)
    {
        m_folders.forget();
        MDIMAPPEND_RETURN_IF_ERROR(m_folders.make(folder));
        result = moveOver(staged, destination);
    }
    if (result != 0)
        return systemError("cannot move '" + staged + "' to", destination);
    m_barrier.folderChanged(parentFolder(staged));
    m_barrier.changed(destination);
    return Status::ok();
}

int LocalStorage::moveOver(const std::string &staged,
                           const std::string &destination)
{
    // On ext4 a rename over a file first writes the new one to the disk, which
    // whoever wants no barriers does not want to wait for.
    if (m_barrier.durability() == Durability::Process && m_canExchange)
    {
        if (m_posix.renameExchange(staged.c_str(), destination.c_str()) == 0)
        {
            const int removed = m_posix.unlink(staged.c_str());
            if (removed == 0 || errno != EISDIR)
                return removed;
            // A folder in its place is not to be replaced.
            m_posix.renameExchange(staged.c_str(), destination.c_str());
            errno = EISDIR;
            return -1;
        }
        if (isUnsupported(errno))
            m_canExchange = false;
    }
    return m_posix.rename(staged.c_str(), destination.c_str());
}

Result<bool> LocalStorage::create(const std::string &path,
                                  std::string_view bytes)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.refuseLinks(parentFolder(path)));
    std::string own;
    if (const auto prepared = takePrepared(path, bytes))
    {
        own = prepared->own;
        if (!prepared->isDurable && m_barrier.durability() == Durability::Full)
            MDIMAPPEND_RETURN_IF_ERROR(m_barrier.syncPath(own));
    }
    else
    {
        MDIMAPPEND_ASSIGN(own, writeOwn(path, bytes, true));
    }
    const int code = nameOnce(own, path);
    m_posix.unlink(own.c_str());
    return created(path, code);
}

Status LocalStorage::prepare(const std::string &path, std::string_view bytes)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.refuseLinks(parentFolder(path)));
    MDIMAPPEND_ASSIGN(auto own, writeOwn(path, bytes, false));
    const MutexLock lock(m_mutex);
    m_prepared = Prepared{path, std::string(bytes), std::move(own)};
    return Status::ok();
}

/// Under a name of its own beside `path`: that name.
Result<std::string> LocalStorage::writeOwn(const std::string &path,
                                           std::string_view bytes, bool syncNow)
{
    std::string own = path + "." + randomNonce();
    const int fd = createFile(own);
    if (fd < 0)
        return systemError("cannot create", own);
    if (auto written = complete(fd, own, bytes, nullptr, syncNow); !written)
    {
        m_posix.unlink(own.c_str());
        return written;
    }
    return own;
}

/// What was prepared for a path, if it is the same.
std::optional<LocalStorage::Prepared>
LocalStorage::takePrepared(const std::string &path, std::string_view bytes)
{
    const MutexLock lock(m_mutex);
    if (!m_prepared || m_prepared->path != path || m_prepared->bytes != bytes)
        return std::nullopt;
    return std::exchange(m_prepared, std::nullopt);
}

Result<bool> LocalStorage::createFrom(const std::string &prepared,
                                      const std::string &path)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_folders.refuseLinks(parentFolder(path)));
    if (m_barrier.durability() == Durability::Full)
        MDIMAPPEND_RETURN_IF_ERROR(m_barrier.syncPath(prepared));
    return created(path, nameOnce(prepared, path));
}

/// Gives a complete file the name `path` unless there is one: 0 or errno.
int LocalStorage::nameOnce(const std::string &file, const std::string &path)
{
    if (m_posix.link(file.c_str(), path.c_str()) == 0)
        return 0;
    const int code = errno;
    if (code == EPERM || code == EOPNOTSUPP || code == ENOSYS)
        // A file system without hard links.
        return m_posix.renameNoReplace(file.c_str(), path.c_str()) == 0 ? 0
                                                                        : errno;
    // A network file system may have linked and lost the answer, and then say
    // that there is one already. (The number of links proves nothing: a backup
    // may be made of them.)
    struct stat mine = {};
    struct stat there = {};
    return m_posix.lstat(file.c_str(), &mine) == 0 &&
                   m_posix.lstat(path.c_str(), &there) == 0 &&
                   mine.st_ino == there.st_ino && mine.st_dev == there.st_dev
               ? 0
               : code;
}

Result<bool> LocalStorage::created(const std::string &path, int code)
{
    if (code == EEXIST)
    {
        adopt(path);
        return false;
    }
    if (code != 0)
        return systemError("cannot create", path, code);
    if (m_barrier.durability() == Durability::Full)
        MDIMAPPEND_RETURN_IF_ERROR(m_barrier.syncPath(parentFolder(path)));
    return true;
}

}  // namespace mdimappend
