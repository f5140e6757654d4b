// Makes folders and looks for links, each folder once.

#include "storage/known_folders.h"

#include "storage/open_file.h"
#include "storage/paths.h"

#include <cerrno>

namespace mdimappend
{

Status KnownFolders::make(const std::string &folder)
{
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(folder));
    {
        const MutexLock lock(m_mutex);
        if (m_knownFolders.count(folder))
            return Status::ok();
    }
    // Asked first: another thread may make it after the look at it.
    const bool mustBeThere = isExpected(folder);
    struct stat state = {};
    if (m_posix.stat(folder.c_str(), &state) == 0)
    {
        if (!S_ISDIR(state.st_mode))
            return error("'" + folder + "' is not a folder");
        // A process that ended before its barrier may have made it.
        m_barrier.folderChanged(parentFolder(folder));
    }
    else
    {
        if (errno != ENOENT)
            return systemError("cannot stat", folder);
        if (mustBeThere)
            return error("folder '" + folder +
                         "' was removed or renamed by somebody else");
        MDIMAPPEND_RETURN_IF_ERROR(make(parentFolder(folder)));
        if (m_posix.mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
            return systemError("cannot make folder", folder);
        m_barrier.changed(folder);
        m_barrier.folderChanged(folder);
    }
    const MutexLock lock(m_mutex);
    m_knownFolders.insert(folder);
    return Status::ok();
}

void KnownFolders::expect(const std::string &folder)
{
    const MutexLock lock(m_mutex);
    m_expectedFolders.insert(folder);
}

bool KnownFolders::isExpected(const std::string &folder)
{
    const MutexLock lock(m_mutex);
    return m_expectedFolders.count(folder) > 0;
}

void KnownFolders::forget()
{
    const MutexLock lock(m_mutex);
    m_knownFolders.clear();
    m_foldersWithoutLinks.clear();
}

/// Whoever made the store may have put a link where a folder is expected, to
/// have what it leads to overwritten or removed. Reading follows links, as all
/// readers of the store do.
Status KnownFolders::refuseLinks(const std::string &folder, Failure kind)
{
    const auto above = parentFolder(m_anchorPath) + "/";
    if (!folder.starts_with(above) || folder.size() == above.size())
        return Status::ok();
    {
        const MutexLock lock(m_mutex);
        if (m_foldersWithoutLinks.contains(folder))
            return Status::ok();
    }
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(parentFolder(folder), kind));
    struct stat state = {};
    if (m_posix.lstat(folder.c_str(), &state) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? Status::ok()
                   : systemError("cannot stat", folder);
    if (S_ISLNK(state.st_mode))
    {
        struct stat there = {};
        struct stat anchor = {};
        const bool isElsewhere = m_posix.stat(folder.c_str(), &there) == 0 &&
                                 m_posix.fstat(m_anchor, &anchor) == 0 &&
                                 there.st_dev != anchor.st_dev;
        return {kind,
                "the folder '" + folder + "' is a link" +
                    (isElsewhere ? " to another file system" : "") +
                    ": what it leads to is not part of the target, and is not "
                    "changed"};
    }
    const MutexLock lock(m_mutex);
    m_foldersWithoutLinks.insert(folder);
    return Status::ok();
}

}  // namespace mdimappend
