#include "storage/checksum.h"
#include "storage/local_storage.h"
#include "storage/open_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace mdimappend
{

namespace
{

constexpr int newFile = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

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

std::string versionOf(const struct stat &state)
{
    return std::to_string(state.st_ino) + "-" + std::to_string(state.st_size) +
           "-" + std::to_string(state.st_mtim.tv_sec) + "." +
           std::to_string(state.st_mtim.tv_nsec);
}

}  // namespace

std::string parentFolder(const std::string &path)
{
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::unique_ptr<LocalStorage>>
LocalStorage::open(const std::string &anchor, Durability durability,
                   Posix &posix)
{
    std::unique_ptr<LocalStorage> storage(
        new LocalStorage(posix, durability, anchor));
    storage->m_anchor =
        posix.open(anchor.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (storage->m_anchor < 0)
        return systemError("cannot open folder", anchor);
    storage->m_syncfs = kernelReportsSyncfsErrors() &&
                        fileSystemReportsSyncfsErrors(posix, storage->m_anchor);
    return storage;
}

LocalStorage::~LocalStorage()
{
    if (m_anchor >= 0)
        m_posix.close(m_anchor);
}

/// No file if there is none.
Result<LocalStorage::Readable>
LocalStorage::openReadable(const std::string &path)
{
    // Without O_NONBLOCK a FIFO is not open before somebody writes to it.
    auto file = std::make_unique<OpenFile>(
        m_posix,
        m_posix.open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0));
    if (file->fd() < 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return Readable();
        return systemError("cannot open", path);
    }
    struct stat state = {};
    if (m_posix.fstat(file->fd(), &state) != 0)
        return systemError("cannot stat", path);
    if (!S_ISREG(state.st_mode))
        return error("'" + path + "' is not a regular file");
    return Readable{std::move(file), static_cast<std::uint64_t>(state.st_size)};
}

Status LocalStorage::readFully(int fd, const std::string &path,
                               std::span<char> bytes)
{
    while (!bytes.empty())
    {
        const ssize_t count = m_posix.read(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return systemError("cannot read", path);
        if (count == 0)
            return error("'" + path + "' became shorter while it was read");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return Status::ok();
}

Result<std::optional<std::string>> LocalStorage::read(const std::string &path,
                                                      std::uint64_t limit)
{
    MDIMAPPEND_ASSIGN(const auto readable, openReadable(path));
    if (!readable.file)
        return std::optional<std::string>();
    if (readable.size > limit)
        return error("'" + path + "' has " + std::to_string(readable.size) +
                     " bytes, more than the " + std::to_string(limit) +
                     " that are sane here");
    std::string bytes(static_cast<std::size_t>(readable.size), '\0');
    MDIMAPPEND_RETURN_IF_ERROR(readFully(readable.file->fd(), path, bytes));
    return std::optional<std::string>(std::move(bytes));
}

Result<bool>
LocalStorage::readInParts(const std::string &path,
                          const std::function<void(std::string_view)> &visit)
{
    MDIMAPPEND_ASSIGN(const auto readable, openReadable(path));
    if (!readable.file)
        return false;
    constexpr std::uint64_t largestPart = 256 << 10;
    std::string buffer(
        static_cast<std::size_t>(std::min(readable.size, largestPart)), '\0');
    for (auto left = readable.size; left > 0;)
    {
        const std::span part(buffer.data(),
                             static_cast<std::size_t>(
                                 std::min<std::uint64_t>(left, buffer.size())));
        MDIMAPPEND_RETURN_IF_ERROR(readFully(readable.file->fd(), path, part));
        visit({part.data(), part.size()});
        left -= part.size();
    }
    return true;
}

Result<std::optional<ObjectState>> LocalStorage::state(const std::string &path)
{
    struct stat state = {};
    if (m_posix.lstat(path.c_str(), &state) != 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::optional<ObjectState>();
        return systemError("cannot stat", path);
    }
    ObjectState object;
    object.size = static_cast<std::uint64_t>(state.st_size);
    object.directory = S_ISDIR(state.st_mode);
    object.version = versionOf(state);
    return std::optional<ObjectState>(std::move(object));
}

/// A server of files may have another clock than this machine: a file that is
/// made now tells what it says.
Result<std::optional<double>> LocalStorage::age(const std::string &path)
{
    struct stat object = {};
    if (m_posix.lstat(path.c_str(), &object) != 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::optional<double>();
        return systemError("cannot stat", path);
    }
    struct stat made = {};
    const auto probe = path + "." + randomNonce() + ".new";
    MDIMAPPEND_RETURN_IF_ERROR(writeNew(probe, "", nullptr, &made));
    MDIMAPPEND_RETURN_IF_ERROR(remove(probe));
    const auto seconds = [](const timespec &time)
    {
        return static_cast<double>(time.tv_sec) +
               1e-9 * static_cast<double>(time.tv_nsec);
    };
    return std::optional<double>(seconds(made.st_mtim) -
                                 seconds(object.st_mtim));
}

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
    expectFolder(parentFolder(path));
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
    changed(path);
    if (likeObject)
        MDIMAPPEND_RETURN_IF_ERROR(checkPublishable(fd, *likeObject));
    if (auto filled = writeAll(fd, bytes); !filled)
        return std::move(filled).prefixed("cannot write '" + path + "'");
    if (likeObject)
        MDIMAPPEND_RETURN_IF_ERROR(takeRights(fd, *likeObject));
    if (syncNow && m_durability == Durability::Full && m_posix.fsync(fd) != 0)
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
    MDIMAPPEND_RETURN_IF_ERROR(makeFolders(folder));
    int fd = m_posix.open(path.c_str(), newFile, 0666);
    if (fd < 0 && errno == ENOENT)
    {
        // Somebody removed the folder since it was last seen.
        forgetFolders();
        MDIMAPPEND_RETURN_IF_ERROR(makeFolders(folder));
        fd = m_posix.open(path.c_str(), newFile, 0666);
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
    fd = m_posix.open(path.c_str(), newFile, 0666);
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
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(folder));
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

Status LocalStorage::publish(const std::string &staged,
                             const std::string &destination)
{
    const auto folder = parentFolder(destination);
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(parentFolder(staged)));
    MDIMAPPEND_RETURN_IF_ERROR(makeFolders(folder));
    int result = moveOver(staged, destination);
    if (result != 0 && errno == ENOENT)
    {
        forgetFolders();
        MDIMAPPEND_RETURN_IF_ERROR(makeFolders(folder));
        result = moveOver(staged, destination);
    }
    if (result != 0)
        return systemError("cannot move '" + staged + "' to", destination);
    folderChanged(parentFolder(staged));
    changed(destination);
    return Status::ok();
}

int LocalStorage::moveOver(const std::string &staged,
                           const std::string &destination)
{
    // On ext4 a rename over a file first writes the new one to the disk, which
    // whoever wants no barriers does not want to wait for.
    if (m_durability == Durability::Process && m_canExchange)
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
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(parentFolder(path)));
    const std::string own = path + "." + randomNonce();
    const int fd = m_posix.open(own.c_str(), newFile, 0666);
    if (fd < 0)
        return systemError("cannot create", own);
    if (auto written = complete(fd, own, bytes, nullptr, true); !written)
    {
        m_posix.unlink(own.c_str());
        return written;
    }
    const int code = nameOnce(own, path);
    m_posix.unlink(own.c_str());
    return created(path, code);
}

Result<bool> LocalStorage::createFrom(const std::string &prepared,
                                      const std::string &path)
{
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(parentFolder(path)));
    if (m_durability == Durability::Full)
        MDIMAPPEND_RETURN_IF_ERROR(syncPath(prepared));
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
    if (m_durability == Durability::Full)
        MDIMAPPEND_RETURN_IF_ERROR(syncPath(parentFolder(path)));
    return true;
}

Status LocalStorage::remove(const std::string &path)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        refuseLinks(parentFolder(path), Failure::Conflict));
    if (m_posix.unlink(path.c_str()) != 0 && errno != ENOENT &&
        errno != ENOTDIR)
        return systemError("cannot remove", path);
    // Where it was gone already, another process may have removed it and ended
    // before its barrier.
    folderChanged(parentFolder(path));
    return Status::ok();
}

Result<std::vector<std::string>> LocalStorage::list(const std::string &folder)
{
    // What is listed is often removed.
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(folder, Failure::Conflict));
    DIR *directory = m_posix.opendir(folder.c_str());
    if (!directory)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::vector<std::string>();
        return systemError("cannot list", folder);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const auto *entry = m_posix.readdir(directory))
    {
        const std::string name = entry->d_name;
        if (name != "." && name != "..")
            names.push_back(name);
        errno = 0;
    }
    const int code = errno;
    m_posix.closedir(directory);
    if (code != 0)
        return systemError("cannot list", folder, code);
    std::sort(names.begin(), names.end());
    return names;
}

Status LocalStorage::makeFolders(const std::string &folder)
{
    MDIMAPPEND_RETURN_IF_ERROR(refuseLinks(folder));
    {
        const std::lock_guard guard(m_mutex);
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
        folderChanged(parentFolder(folder));
    }
    else
    {
        if (errno != ENOENT)
            return systemError("cannot stat", folder);
        if (mustBeThere)
            return error("folder '" + folder +
                         "' was removed or renamed by somebody else");
        MDIMAPPEND_RETURN_IF_ERROR(makeFolders(parentFolder(folder)));
        if (m_posix.mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
            return systemError("cannot make folder", folder);
        changed(folder);
        folderChanged(folder);
    }
    const std::lock_guard guard(m_mutex);
    m_knownFolders.insert(folder);
    return Status::ok();
}

Status LocalStorage::removeFolderIfEmpty(const std::string &folder)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        refuseLinks(parentFolder(folder), Failure::Conflict));
    if (m_posix.rmdir(folder.c_str()) != 0 && errno != ENOENT)
        // EACCES, EPERM: a folder that another user made; the system says so
        // before it looks whether it is empty.
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ||
                       errno == EACCES || errno == EPERM
                   ? Status::ok()
                   : systemError("cannot remove folder", folder);
    forgetFolders();
    folderChanged(parentFolder(folder));
    return Status::ok();
}

void LocalStorage::expectFolder(const std::string &folder)
{
    const std::lock_guard guard(m_mutex);
    m_expectedFolders.insert(folder);
}

bool LocalStorage::isExpected(const std::string &folder)
{
    const std::lock_guard guard(m_mutex);
    return m_expectedFolders.count(folder) > 0;
}

/// One of them is gone, and perhaps those above and below it.
void LocalStorage::forgetFolders()
{
    const std::lock_guard guard(m_mutex);
    m_knownFolders.clear();
    m_foldersWithoutLinks.clear();
}

/// Whoever made the store may have put a link where a folder is expected, to
/// have what it leads to overwritten or removed. Reading follows links, as all
/// readers of the store do.
Status LocalStorage::refuseLinks(const std::string &folder, Failure kind)
{
    const auto above = parentFolder(m_anchorPath) + "/";
    if (!folder.starts_with(above) || folder.size() == above.size())
        return Status::ok();
    {
        const std::lock_guard guard(m_mutex);
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
    const std::lock_guard guard(m_mutex);
    m_foldersWithoutLinks.insert(folder);
    return Status::ok();
}

void LocalStorage::adopt(const std::string &path)
{
    changed(path);
    folderChanged(parentFolder(parentFolder(path)));
}

void LocalStorage::changed(const std::string &path)
{
    if (m_durability == Durability::Process || m_syncfs)
        return;
    const std::lock_guard guard(m_mutex);
    m_unsyncedFiles.insert(path);
    m_unsyncedFolders.insert(parentFolder(path));
}

void LocalStorage::folderChanged(const std::string &path)
{
    if (m_durability == Durability::Process || m_syncfs)
        return;
    const std::lock_guard guard(m_mutex);
    m_unsyncedFolders.insert(path);
}

Status LocalStorage::syncPath(const std::string &path)
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

Status LocalStorage::barrier()
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
        const std::lock_guard guard(m_mutex);
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
                const std::lock_guard guard(m_mutex);
                m_unsyncedFiles.insert(files.begin(), files.end());
                m_unsyncedFolders.insert(folders.begin(), folders.end());
                return synced;
            }
        }
    }
    return Status::ok();
}

}  // namespace mdimappend
