// A Posix that counts every call and lets one of them go wrong, in the way of
// SQLite's I/O error tests; and that can be killed, so that a crash at any
// point is simulated within one process: every later call fails and has no
// effect, so that destructors and undo can do nothing.
//
// Calls may come from several threads. They are made one at a time, so that the
// trace is in the order of their effects; but the n-th call of one run need not
// be the n-th of the next.

#pragma once

#include "storage/posix.h"
#include "support/disk_history.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace mdimappend::protocol_testing
{

struct Fault
{
    enum class Kind
    {
        None,
        Once,         ///< this call fails with `code`
        FromThenOn,   ///< this call and all later ones that change something
        ShortWrite,   ///< a write does half, once; other calls are not hit
        TornWrite,    ///< a write does half, and then fails with `code`, once
        ShortRead,    ///< a read brings half, once; other calls are not hit
        FlippedRead,  ///< a read brings one wrong bit, once
        Hang,         ///< this call takes long
        KillBefore,   ///< dead before this call has an effect
        KillAfter,    ///< dead after it had
        KillTorn,     ///< dead in the middle of a write; before, otherwise
        Exit          ///< the process really ends, by _exit(exitCode)
    };
    static constexpr int exitCode = 99;

    Kind kind = Kind::None;
    std::uint64_t at = 0;  ///< the number of the call, from 1
    int code = EIO;
    std::string only =
        {};               ///< count only calls of this name ("rename"); "" all
    std::string on = {};  ///< count only calls on such a path; "" all
    std::uint64_t bit = 0;  ///< which one is flipped, modulo those there are
};

std::string describe(const Fault &fault);

class FaultPosix final : public Posix
{
  public:
    explicit FaultPosix(Fault fault = {}) : m_fault(std::move(fault))
    {
    }

    /// The calls counted; with no fault, how many there are to fail.
    std::uint64_t calls() const
    {
        return m_counted;
    }

    /// How long a Hang takes.
    std::chrono::milliseconds hang{20};

    bool hit() const
    {
        return m_hit;
    }

    /// Kills now.
    void kill()
    {
        m_dead = true;
    }

    /// The calls made, one a line, numbered; the one that went wrong marked.
    std::string trace() const;

    /// The numbers of the calls that changed what is on disk: a kill after
    /// any other leaves the same as one after the call before it.
    const std::vector<std::uint64_t> &changes() const
    {
        return m_changes;
    }

    /// How often each call was made.
    std::map<std::string, int> kinds() const;

    /// Whether the file system answers as one whose syncfs can be trusted.
    bool offersSyncfs = true;
    /// Whether there are hard links.
    bool offersLinks = true;
    /// Whether two folders can be exchanged; else the error.
    int exchangeError = 0;
    /// Whether a folder that a test has copied (linkTree, DiskHistory::cut)
    /// is known as the one that it was copied from, as after a restart of the
    /// system, or as another, as after a move to another disk.
    bool copiesAreTheSame = true;
    /// Whether syncs are really carried out (they are counted anyway).
    bool reallySyncs = false;
    /// Asked before each call; `history` told after it.
    std::function<void(const std::string &call)> before;
    std::unique_ptr<DiskHistory> history;

    int open(const char *path, int flags, mode_t mode) override;
    ssize_t read(int fd, void *buffer, size_t count) override;
    ssize_t write(int fd, const void *buffer, size_t count) override;
    int ftruncate(int fd, off_t size) override;
    int close(int fd) override;
    int mkdir(const char *path, mode_t mode) override;
    int rmdir(const char *path) override;
    int unlink(const char *path) override;
    int rename(const char *from, const char *to) override;
    int renameNoReplace(const char *from, const char *to) override;
    int renameExchange(const char *path, const char *other) override;
    int link(const char *from, const char *to) override;
    int fchmod(int fd, mode_t mode) override;
    int fchown(int fd, uid_t owner, gid_t group) override;
    int fsync(int fd) override;
    int syncfs(int fd) override;
    off_t lseek(int fd, off_t offset, int whence) override;
    int lockExclusive(int fd) override;
    int unlock(int fd) override;
    int askLock(int fd, bool *isHeld) override;
    int fstat(int fd, struct stat *state) override;
    int lstat(const char *path, struct stat *state) override;
    int stat(const char *path, struct stat *state) override;
    int access(const char *path, int mode) override;
    int fstatfs(int fd, struct statfs *state) override;
    int statx(const char *path, struct statx *state) override;
    DIR *opendir(const char *path) override;
    DIR *fdopendir(int fd) override;
    struct dirent *readdir(DIR *folder) override;
    int closedir(DIR *folder) override;
    int openAt(int folder, const char *name, int flags) override;
    int unlinkAt(int folder, const char *name, int flags) override;

  private:
    enum class Turn
    {
        Go,
        GoThenDie,
        Half,
        HalfThenDie,
        HalfThenFail,
        Flip,
        Fail
    };
    bool isFor(std::string_view name) const;
    Turn turn(const char *name, const std::string &what, bool changes);
    template <class Action>
    int call(const char *name, const std::string &what, bool changes,
             Action action);
    std::string nameOf(int fd);
    int nodeOf(int fd);

    Fault m_fault;
    std::recursive_mutex m_mutex;
    std::uint64_t m_counted = 0;
    bool m_hit = false;
    bool m_dead = false;
    std::vector<std::string> m_trace;
    std::map<std::string, int> m_kinds;
    std::vector<std::uint64_t> m_changes;
    std::map<int, std::string> m_paths;
    std::map<int, int> m_nodes;
    std::map<DIR *, std::string> m_folders;
};

}  // namespace mdimappend::protocol_testing
