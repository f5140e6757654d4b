// The system calls on files: one seam, so that tests can make the n-th of them
// fail, tear, or be the last thing this process ever did.
//
// Each function is the system call of its name: same result, same errno.

#pragma once

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>

namespace mdimappend
{

class Posix
{
  public:
    static Posix &system();

    virtual ~Posix() = default;
    virtual int open(const char *path, int flags, mode_t mode);
    virtual ssize_t read(int fd, void *buffer, size_t count);
    virtual ssize_t write(int fd, const void *buffer, size_t count);
    virtual int ftruncate(int fd, off_t size);
    virtual int close(int fd);
    virtual int mkdir(const char *path, mode_t mode);
    virtual int rmdir(const char *path);
    virtual int unlink(const char *path);
    virtual int rename(const char *from, const char *to);
    /// renameat2 with RENAME_NOREPLACE.
    virtual int renameNoReplace(const char *from, const char *to);
    /// renameat2 with RENAME_EXCHANGE.
    virtual int renameExchange(const char *path, const char *other);
    virtual int link(const char *from, const char *to);
    virtual int fchmod(int fd, mode_t mode);
    virtual int fchown(int fd, uid_t owner, gid_t group);
    virtual int fsync(int fd);
    virtual int syncfs(int fd);
    virtual off_t lseek(int fd, off_t offset, int whence);
    /// Takes the whole-file exclusive OFD lock without waiting.
    virtual int lockExclusive(int fd);
    /// Frees it, also where others have the open file description, too.
    virtual int unlock(int fd);
    /// Whether some other open file description has an OFD lock on it.
    virtual int askLock(int fd, bool *isHeld);
    virtual int fstat(int fd, struct stat *state);
    virtual int lstat(const char *path, struct stat *state);
    virtual int stat(const char *path, struct stat *state);
    /// faccessat with AT_EACCESS.
    virtual int access(const char *path, int mode);
    virtual int fstatfs(int fd, struct statfs *state);
    /// Of the path itself, not of what a link leads to.
    virtual int statx(const char *path, struct statx *state);
    virtual DIR *opendir(const char *path);
    virtual DIR *fdopendir(int fd);
    virtual struct dirent *readdir(DIR *folder);
    virtual int closedir(DIR *folder);
    /// openat and unlinkat: names below an open folder, so that no link can
    /// lead elsewhere.
    virtual int openAt(int folder, const char *name, int flags);
    virtual int unlinkAt(int folder, const char *name, int flags);
};

}  // namespace mdimappend
