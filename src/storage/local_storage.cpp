// The edge of LocalStorage: how it is opened, and what is read, listed and
// removed. local_writes.cpp, local_names.cpp and local_folders.cpp have the
// rest.

#include "storage/local_storage.h"

#include "storage/checksum.h"
#include "storage/open_file.h"
#include "storage/paths.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>

namespace mdimappend
{

std::string LocalStorage::versionOf(const struct stat &state)
{
    return std::to_string(state.st_ino) + "-" + std::to_string(state.st_size) +
           "-" + std::to_string(state.st_mtim.tv_sec) + "." +
           std::to_string(state.st_mtim.tv_nsec);
}

std::string fileTimeOf(const std::string &version)
{
    const auto dash = version.rfind('-');
    return dash == std::string::npos ? std::string() : version.substr(dash + 1);
}

Result<std::unique_ptr<LocalStorage>>
LocalStorage::open(const std::string &anchor, Durability durability,
                   Posix &posix)
{
    const int fd =
        posix.open(anchor.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return systemError("cannot open folder", anchor);
    return std::unique_ptr<LocalStorage>(
        new LocalStorage(posix, durability, anchor, fd));
}

LocalStorage::~LocalStorage()
{
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
        if (errno != ENOENT && errno != ENOTDIR)
            return systemError("cannot open", path);
        if (m_reads)
            m_reads->noteRead(path, "");
        return Readable();
    }
    struct stat state = {};
    if (m_posix.fstat(file->fd(), &state) != 0)
        return systemError("cannot stat", path);
    if (!S_ISREG(state.st_mode))
        return error("'" + path + "' is not a regular file");
    if (m_reads)
        m_reads->noteRead(path, versionOf(state));
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
                     " allowed here");
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

Status LocalStorage::remove(const std::string &path)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        m_folders.refuseLinks(parentFolder(path), Failure::Conflict));
    if (m_posix.unlink(path.c_str()) != 0 && errno != ENOENT &&
        errno != ENOTDIR)
        return systemError("cannot remove", path);
    // Where it was gone already, another process may have removed it and ended
    // before its barrier.
    m_barrier.folderChanged(parentFolder(path));
    return Status::ok();
}

void LocalStorage::watchReads(const std::shared_ptr<ReadObjects> &reads)
{
    m_reads = reads;
}

Result<std::vector<std::string>> LocalStorage::list(const std::string &folder)
{
    if (m_reads)
        m_reads->noteListed(folder);
    // What is listed is often removed.
    MDIMAPPEND_RETURN_IF_ERROR(
        m_folders.refuseLinks(folder, Failure::Conflict));
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

std::string LocalStorage::barrierReach() const
{
    return m_barrier.reach();
}

Status LocalStorage::barrier()
{
    MDIMAPPEND_RETURN_IF_ERROR(m_barrier.pass());
    const MutexLock lock(m_mutex);
    if (m_prepared)
        m_prepared->isDurable = true;
    return Status::ok();
}

void LocalStorage::adopt(const std::string &path)
{
    m_barrier.changed(path);
    m_barrier.folderChanged(parentFolder(parentFolder(path)));
}

}  // namespace mdimappend
