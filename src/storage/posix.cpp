// The system calls themselves; tests put others in their place.

#include "storage/posix.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace mdimappend
{

namespace
{

struct flock wholeFile(short type)
{
    struct flock whole = {};
    whole.l_type = type;
    whole.l_whence = SEEK_SET;
    return whole;
}

}  // namespace

Posix &Posix::system()
{
    static Posix calls;
    return calls;
}

int Posix::open(const char *path, int flags, mode_t mode)
{
    const int fd = ::open(path, flags, mode);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    // The caller has closed a standard stream. In its place this file would get
    // what is meant for a human.
    const int other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int code = errno;
    ::close(fd);
    errno = code;
    return other;
}

ssize_t Posix::read(int fd, void *buffer, size_t count)
{
    return ::read(fd, buffer, count);
}

ssize_t Posix::write(int fd, const void *buffer, size_t count)
{
    return ::write(fd, buffer, count);
}

int Posix::ftruncate(int fd, off_t size)
{
    return ::ftruncate(fd, size);
}

int Posix::close(int fd)
{
    return ::close(fd);
}

int Posix::mkdir(const char *path, mode_t mode)
{
    return ::mkdir(path, mode);
}

int Posix::rmdir(const char *path)
{
    return ::rmdir(path);
}

int Posix::unlink(const char *path)
{
    return ::unlink(path);
}

int Posix::rename(const char *from, const char *to)
{
    return ::rename(from, to);
}

int Posix::renameNoReplace(const char *from, const char *to)
{
    return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int Posix::renameExchange(const char *path, const char *other)
{
    return ::renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
}

int Posix::link(const char *from, const char *to)
{
    return ::link(from, to);
}

int Posix::fchmod(int fd, mode_t mode)
{
    return ::fchmod(fd, mode);
}

int Posix::fchown(int fd, uid_t owner, gid_t group)
{
    return ::fchown(fd, owner, group);
}

int Posix::fsync(int fd)
{
    return ::fsync(fd);
}

int Posix::syncfs(int fd)
{
    return ::syncfs(fd);
}

off_t Posix::lseek(int fd, off_t offset, int whence)
{
    return ::lseek(fd, offset, whence);
}

int Posix::lockExclusive(int fd)
{
    auto whole = wholeFile(F_WRLCK);
    return ::fcntl(fd, F_OFD_SETLK, &whole);
}

int Posix::unlock(int fd)
{
    auto whole = wholeFile(F_UNLCK);
    return ::fcntl(fd, F_OFD_SETLK, &whole);
}

int Posix::askLock(int fd, bool *isHeld)
{
    auto whole = wholeFile(F_WRLCK);
    const int result = ::fcntl(fd, F_OFD_GETLK, &whole);
    *isHeld = result == 0 && whole.l_type != F_UNLCK;
    return result;
}

int Posix::fstat(int fd, struct stat *state)
{
    return ::fstat(fd, state);
}

int Posix::lstat(const char *path, struct stat *state)
{
    return ::lstat(path, state);
}

int Posix::stat(const char *path, struct stat *state)
{
    return ::stat(path, state);
}

int Posix::access(const char *path, int mode)
{
    return ::faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

int Posix::fstatfs(int fd, struct statfs *state)
{
    return ::fstatfs(fd, state);
}

int Posix::statx(const char *path, struct statx *state)
{
    return ::statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW,
                   STATX_BASIC_STATS | STATX_BTIME, state);
}

DIR *Posix::opendir(const char *path)
{
    return ::opendir(path);
}

DIR *Posix::fdopendir(int fd)
{
    return ::fdopendir(fd);
}

struct dirent *Posix::readdir(DIR *folder)
{
    return ::readdir(folder);
}

int Posix::closedir(DIR *folder)
{
    return ::closedir(folder);
}

int Posix::openAt(int folder, const char *name, int flags)
{
    return ::openat(folder, name, flags);
}

int Posix::unlinkAt(int folder, const char *name, int flags)
{
    return ::unlinkat(folder, name, flags);
}

}  // namespace mdimappend
