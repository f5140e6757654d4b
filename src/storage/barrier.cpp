// Makes durable what has changed, by syncfs or by fsync of each path.

#include "storage/barrier.h"

#include "storage/boot_id.h"
#include "storage/open_file.h"
#include "storage/paths.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

namespace mdimappend
{

namespace
{

bool kernelReportsSyncfsErrors()
{
    struct utsname system = {};
    int major = 0;
    int minor = 0;
    if (uname(&system) != 0 ||
        sscanf(system.release, "%d.%d", &major, &minor) != 2)
        return false;
    return major > 5 || (major == 5 && minor >= 8);
}

bool fileSystemReportsSyncfsErrors(Posix &posix, int fd)
{
    struct statfs system = {};
    if (posix.fstatfs(fd, &system) != 0)
        return false;
    constexpr std::uint32_t xfsMagic = 0x58465342;
    const auto type = static_cast<std::uint32_t>(system.f_type);
    return type == EXT4_SUPER_MAGIC || type == BTRFS_SUPER_MAGIC ||
           type == xfsMagic;
}

}  // namespace

Barrier::Barrier(Posix &posix, Durability durability, int anchor)
    : m_posix(posix), m_durability(durability), m_anchor(anchor),
      m_syncfs(kernelReportsSyncfsErrors() &&
               fileSystemReportsSyncfsErrors(posix, anchor))
{
}

void Barrier::changed(const std::string &path)
{
    if (m_durability == Durability::Process || m_syncfs)
        return;
    const MutexLock lock(m_mutex);
    m_unsyncedFiles.insert(path);
    m_unsyncedFolders.insert(parentFolder(path));
}

void Barrier::folderChanged(const std::string &path)
{
    if (m_durability == Durability::Process || m_syncfs)
        return;
    const MutexLock lock(m_mutex);
    m_unsyncedFolders.insert(path);
}

std::string Barrier::reach() const
{
    struct stat anchor = {};
    const auto boot = bootId();
    if (m_durability == Durability::Process || !m_syncfs || boot.empty() ||
        m_posix.fstat(m_anchor, &anchor) != 0)
        return {};
    return boot + ":" + std::to_string(anchor.st_dev);
}

Status Barrier::syncPath(const std::string &path)
{
    const OpenFile file(m_posix,
                        m_posix.open(path.c_str(), O_RDONLY | O_CLOEXEC, 0));
    if (file.fd() < 0)
        return systemError("cannot open for syncing", path);
    // EINVAL: a special file system that has nothing to sync.
    if (m_posix.fsync(file.fd()) != 0 && errno != EINVAL)
        return systemError("cannot sync", path);
    return Status::ok();
}

Status Barrier::pass()
{
    if (m_durability == Durability::Process)
        return Status::ok();
    if (m_syncfs)
        return m_posix.syncfs(m_anchor) == 0
                   ? Status::ok()
                   : error(std::string("cannot sync the file system: ") +
                           std::strerror(errno));
    std::set<std::string> files;
    std::set<std::string> folders;
    {
        const MutexLock lock(m_mutex);
        files.swap(m_unsyncedFiles);
        folders.swap(m_unsyncedFolders);
    }
    for (const auto *paths : {&files, &folders})
    {
        for (const auto &path : *paths)
        {
            // What was removed or moved meanwhile has nothing to sync; its
            // folder has.
            struct stat state = {};
            if (m_posix.stat(path.c_str(), &state) != 0 &&
                (errno == ENOENT || errno == ENOTDIR))
                continue;
            if (auto synced = syncPath(path); !synced)
            {
                const MutexLock lock(m_mutex);
                m_unsyncedFiles.insert(files.begin(), files.end());
                m_unsyncedFolders.insert(folders.begin(), folders.end());
                return synced;
            }
        }
    }
    return Status::ok();
}

}  // namespace mdimappend
