// Each call is counted, and one of them fails, tears or is the last.

#include "support/fault_posix.h"

#include "support/tree.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <thread>
#include <unistd.h>

namespace mdimappend::protocol_testing
{

std::string describe(const Fault &fault)
{
    static constexpr const char *names[] = {
        "no fault",    "error once", "error from then on", "short write",
        "torn write",  "short read", "flipped bit",        "hang",
        "kill before", "kill after", "kill in a write",    "_exit"};
    return std::string(names[static_cast<int>(fault.kind)]) + " at call " +
           std::to_string(fault.at) +
           (fault.only.empty() ? "" : " of " + fault.only) +
           (fault.on.empty() ? "" : " on " + fault.on) + ", errno " +
           std::to_string(fault.code) +
           (fault.kind == Fault::Kind::FlippedRead
                ? ", bit " + std::to_string(fault.bit)
                : "");
}

std::string FaultPosix::trace() const
{
    std::string text;
    for (const auto &line : m_trace)
        text += line + "\n";
    return text;
}

std::map<std::string, int> FaultPosix::kinds() const
{
    return m_kinds;
}

/// Some faults are those of one kind of call.
bool FaultPosix::isFor(std::string_view name) const
{
    switch (m_fault.kind)
    {
    case Fault::Kind::ShortWrite:
    case Fault::Kind::TornWrite:
        return name == "write";
    case Fault::Kind::ShortRead:
    case Fault::Kind::FlippedRead:
        return name == "read";
    default:
        return true;
    }
}

FaultPosix::Turn FaultPosix::turn(const char *name, const std::string &what,
                                  bool changes)
{
    if (m_dead)
    {
        errno = EIO;
        return Turn::Fail;
    }
    if (before)
        before(std::string(name) + " " + what);
    ++m_kinds[name];
    const bool counts =
        (m_fault.only.empty() || m_fault.only == name) &&
        (m_fault.on.empty() || what.find(m_fault.on) != std::string::npos);
    if (counts)
        ++m_counted;
    static const std::set<std::string_view> onDisk = {
        "open",   "write",    "ftruncate", "mkdir",           "rmdir",
        "unlink", "unlinkAt", "rename",    "renameNoReplace", "renameExchange",
        "link"};
    if (counts && changes && onDisk.count(name))
        m_changes.push_back(m_counted);
    m_trace.push_back(std::to_string(m_counted) + " " + name + " " + what);
    if (m_fault.kind == Fault::Kind::None || !counts ||
        m_counted < m_fault.at ||
        (m_counted > m_fault.at && m_fault.kind != Fault::Kind::FromThenOn))
        return Turn::Go;
    if (m_counted > m_fault.at && !changes)
        return Turn::Go;
    if (!isFor(name))
        return Turn::Go;
    m_hit = true;
    m_trace.back() += "   <-- " + describe(m_fault);
    switch (m_fault.kind)
    {
    case Fault::Kind::ShortWrite:
    case Fault::Kind::ShortRead:
        return Turn::Half;
    case Fault::Kind::TornWrite:
        return Turn::HalfThenFail;
    case Fault::Kind::FlippedRead:
        return Turn::Flip;
    case Fault::Kind::Hang:
        // The other threads' calls go on.
        m_mutex.unlock();
        std::this_thread::sleep_for(hang);
        m_mutex.lock();
        return Turn::Go;
    case Fault::Kind::KillAfter:
        return Turn::GoThenDie;
    case Fault::Kind::KillTorn:
        if (std::string_view(name) == "write")
            return Turn::HalfThenDie;
        [[fallthrough]];
    case Fault::Kind::KillBefore:
        m_dead = true;
        errno = EIO;
        return Turn::Fail;
    case Fault::Kind::Exit:
        _exit(Fault::exitCode);
    default:
        errno = m_fault.code;
        return Turn::Fail;
    }
}

template <class Action>
int FaultPosix::call(const char *name, const std::string &what, bool changes,
                     Action action)
{
    const std::lock_guard guard(m_mutex);
    const auto now = turn(name, what, changes);
    if (now == Turn::Fail)
        return -1;
    const int result = action();
    if (now == Turn::GoThenDie)
    {
        m_dead = true;
        errno = EIO;
        return -1;
    }
    return result;
}

std::string FaultPosix::nameOf(int fd)
{
    const std::lock_guard guard(m_mutex);
    const auto found = m_paths.find(fd);
    return found == m_paths.end() ? "descriptor " + std::to_string(fd)
                                  : found->second;
}

int FaultPosix::nodeOf(int fd)
{
    const auto found = m_nodes.find(fd);
    return found == m_nodes.end() ? 0 : found->second;
}

int FaultPosix::open(const char *path, int flags, mode_t mode)
{
    int fd = -1;
    const int result = call("open", path, (flags & O_CREAT) != 0,
                            [&]
                            {
                                const bool isNew = history &&
                                                   (flags & O_CREAT) &&
                                                   history->find(path) == 0;
                                fd = Posix::open(path, flags, mode);
                                if (fd < 0)
                                    return fd;
                                m_paths[fd] = path;
                                if (isNew)
                                    history->created(path, mode);
                                if (history)
                                    m_nodes[fd] = history->find(path);
                                return fd;
                            });
    if (result < 0 && fd >= 0)
    {
        Posix::close(fd);
        errno = EIO;
    }
    return result;
}

ssize_t FaultPosix::read(int fd, void *buffer, size_t count)
{
    const std::lock_guard guard(m_mutex);
    const auto now = turn("read", nameOf(fd), false);
    if (now == Turn::Fail)
        return -1;
    if (now == Turn::Half)
        count = count > 1 ? count / 2 : count;
    const auto done = Posix::read(fd, buffer, count);
    if (now == Turn::Flip && done > 0)
    {
        const auto bit = m_fault.bit % (8 * static_cast<std::uint64_t>(done));
        static_cast<char *>(buffer)[bit / 8] ^=
            static_cast<char>(1 << (bit % 8));
    }
    if (now == Turn::GoThenDie)
    {
        m_dead = true;
        errno = EIO;
        return -1;
    }
    return done;
}

ssize_t FaultPosix::write(int fd, const void *buffer, size_t count)
{
    const std::lock_guard guard(m_mutex);
    const auto now = turn("write", nameOf(fd), true);
    if (now == Turn::Fail)
        return -1;
    if (now == Turn::Half || now == Turn::HalfThenDie ||
        now == Turn::HalfThenFail)
        count = count > 1 ? count / 2 : count;
    const auto offset = ::lseek(fd, 0, SEEK_CUR);
    const auto done = Posix::write(fd, buffer, count);
    if (history && done > 0)
        history->wrote(nodeOf(fd), static_cast<std::uint64_t>(offset),
                       {static_cast<const char *>(buffer),
                        static_cast<std::size_t>(done)});
    if (now == Turn::HalfThenFail)
    {
        errno = m_fault.code;
        return -1;
    }
    if (now == Turn::GoThenDie || now == Turn::HalfThenDie)
    {
        m_dead = true;
        errno = EIO;
        return -1;
    }
    return done;
}

int FaultPosix::ftruncate(int fd, off_t size)
{
    return call("ftruncate", nameOf(fd), true,
                [&]
                {
                    const int result = Posix::ftruncate(fd, size);
                    if (history && result == 0)
                        history->truncated(nodeOf(fd),
                                           static_cast<std::uint64_t>(size));
                    return result;
                });
}

int FaultPosix::close(int fd)
{
    const std::lock_guard guard(m_mutex);
    const auto name = nameOf(fd);
    m_paths.erase(fd);
    m_nodes.erase(fd);
    // The descriptor goes in any case, as it does on Linux.
    Posix::close(fd);
    return call("close", name, true, [] { return 0; });
}

int FaultPosix::mkdir(const char *path, mode_t mode)
{
    return call("mkdir", path, true,
                [&]
                {
                    const int result = Posix::mkdir(path, mode);
                    if (history && result == 0)
                        history->madeFolder(path);
                    return result;
                });
}

int FaultPosix::rmdir(const char *path)
{
    return call("rmdir", path, true,
                [&]
                {
                    const int result = Posix::rmdir(path);
                    if (history && result == 0)
                        history->removed(path);
                    return result;
                });
}

int FaultPosix::unlink(const char *path)
{
    return call("unlink", path, true,
                [&]
                {
                    const int result = Posix::unlink(path);
                    if (history && result == 0)
                        history->removed(path);
                    return result;
                });
}

int FaultPosix::rename(const char *from, const char *to)
{
    return call("rename", std::string(from) + " " + to, true,
                [&]
                {
                    const int result = Posix::rename(from, to);
                    if (history && result == 0)
                        history->renamed(from, to);
                    return result;
                });
}

int FaultPosix::renameNoReplace(const char *from, const char *to)
{
    return call("renameNoReplace", std::string(from) + " " + to, true,
                [&]
                {
                    const int result = Posix::renameNoReplace(from, to);
                    if (history && result == 0)
                        history->renamed(from, to);
                    return result;
                });
}

int FaultPosix::renameExchange(const char *path, const char *other)
{
    return call("renameExchange", std::string(path) + " " + other, true,
                [&]
                {
                    if (exchangeError != 0)
                    {
                        errno = exchangeError;
                        return -1;
                    }
                    const int result = Posix::renameExchange(path, other);
                    if (history && result == 0)
                        history->exchanged(path, other);
                    return result;
                });
}

int FaultPosix::link(const char *from, const char *to)
{
    return call("link", std::string(from) + " " + to, true,
                [&]
                {
                    if (!offersLinks)
                    {
                        errno = EPERM;
                        return -1;
                    }
                    const int result = Posix::link(from, to);
                    if (history && result == 0)
                        history->linked(from, to);
                    return result;
                });
}

int FaultPosix::fchmod(int fd, mode_t mode)
{
    return call("fchmod", nameOf(fd), true,
                [&]
                {
                    const int result = Posix::fchmod(fd, mode);
                    if (history && result == 0)
                        history->setMode(nodeOf(fd), mode);
                    return result;
                });
}

int FaultPosix::fchown(int fd, uid_t owner, gid_t group)
{
    return call("fchown", nameOf(fd), true,
                [&] { return Posix::fchown(fd, owner, group); });
}

int FaultPosix::fsync(int fd)
{
    return call("fsync", nameOf(fd), true,
                [&]
                {
                    if (history)
                        history->synced(nodeOf(fd));
                    return reallySyncs ? Posix::fsync(fd) : 0;
                });
}

int FaultPosix::syncfs(int fd)
{
    return call("syncfs", nameOf(fd), true,
                [&]
                {
                    if (history)
                        history->syncedAll();
                    return reallySyncs ? Posix::syncfs(fd) : 0;
                });
}

off_t FaultPosix::lseek(int fd, off_t offset, int whence)
{
    off_t at = -1;
    const int result = call("lseek", nameOf(fd), false,
                            [&]
                            {
                                at = Posix::lseek(fd, offset, whence);
                                return at < 0 ? -1 : 0;
                            });
    return result == 0 ? at : -1;
}

int FaultPosix::lockExclusive(int fd)
{
    return call("lock", nameOf(fd), false,
                [&] { return Posix::lockExclusive(fd); });
}

int FaultPosix::unlock(int fd)
{
    return call("unlock", nameOf(fd), true, [&] { return Posix::unlock(fd); });
}

int FaultPosix::askLock(int fd, bool *isHeld)
{
    return call("askLock", nameOf(fd), false,
                [&] { return Posix::askLock(fd, isHeld); });
}

int FaultPosix::fstat(int fd, struct stat *state)
{
    return call("fstat", nameOf(fd), false,
                [&] { return Posix::fstat(fd, state); });
}

int FaultPosix::lstat(const char *path, struct stat *state)
{
    return call("lstat", path, false,
                [&] { return Posix::lstat(path, state); });
}

int FaultPosix::stat(const char *path, struct stat *state)
{
    return call("stat", path, false, [&] { return Posix::stat(path, state); });
}

int FaultPosix::access(const char *path, int mode)
{
    return call("access", path, false,
                [&] { return Posix::access(path, mode); });
}

int FaultPosix::fstatfs(int fd, struct statfs *state)
{
    return call("fstatfs", nameOf(fd), false,
                [&]
                {
                    const int result = Posix::fstatfs(fd, state);
                    state->f_type =
                        offersSyncfs ? EXT4_SUPER_MAGIC : TMPFS_MAGIC;
                    return result;
                });
}

int FaultPosix::statx(const char *path, struct statx *state)
{
    return call("statx", path, false,
                [&]
                {
                    const int result = Posix::statx(path, state);
                    if (result == 0 && copiesAreTheSame)
                        *state = originalOf(*state);
                    return result;
                });
}

DIR *FaultPosix::opendir(const char *path)
{
    DIR *folder = nullptr;
    const int result = call("opendir", path, false,
                            [&]
                            {
                                folder = Posix::opendir(path);
                                if (folder)
                                {
                                    m_folders[folder] = path;
                                    m_paths[dirfd(folder)] = path;
                                }
                                return folder ? 0 : -1;
                            });
    if (result != 0 && folder)
    {
        Posix::closedir(folder);
        errno = EIO;
        return nullptr;
    }
    return folder;
}

DIR *FaultPosix::fdopendir(int fd)
{
    const std::lock_guard guard(m_mutex);
    DIR *folder = Posix::fdopendir(fd);
    if (folder)
        m_folders[folder] = nameOf(fd);
    return folder;
}

/// The system is asked for many names at once: the first call counts.
struct dirent *FaultPosix::readdir(DIR *folder)
{
    const std::lock_guard guard(m_mutex);
    const auto path = m_folders.extract(folder);
    if (path && call("readdir", path.mapped(), false, [] { return 0; }) != 0)
        return nullptr;
    return Posix::readdir(folder);
}

int FaultPosix::closedir(DIR *folder)
{
    const std::lock_guard guard(m_mutex);
    const int fd = dirfd(folder);
    const auto name = nameOf(fd);
    m_paths.erase(fd);
    m_folders.erase(folder);
    Posix::closedir(folder);
    return call("closedir", name, false, [] { return 0; });
}

int FaultPosix::openAt(int folder, const char *name, int flags)
{
    const auto path = nameOf(folder) + "/" + name;
    int fd = -1;
    const int result = call("openAt", path, false,
                            [&]
                            {
                                fd = Posix::openAt(folder, name, flags);
                                if (fd >= 0)
                                    m_paths[fd] = path;
                                return fd;
                            });
    if (result < 0 && fd >= 0)
    {
        Posix::close(fd);
        errno = EIO;
    }
    return result;
}

int FaultPosix::unlinkAt(int folder, const char *name, int flags)
{
    const auto path = nameOf(folder) + "/" + name;
    return call("unlinkAt", path, true,
                [&]
                {
                    const int result = Posix::unlinkAt(folder, name, flags);
                    if (history && result == 0)
                        history->removed(path);
                    return result;
                });
}

}  // namespace mdimappend::protocol_testing
