// The kernel's lock belongs to an open file description: it goes when that is
// freed, or with the last descriptor that leads to it. Taken, and then looked
// whether its file is still there, and whether somebody has a lease.

#include "lock/kernel_lock.h"

#include "lock/claims.h"
#include "lock/held_here.h"
#include "lock/lock_trace.h"
#include "lock/lock_wait.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace mdimappend
{

namespace
{

std::string documentText(const char *state, const LockHolder &holder)
{
    Json document = {{"format", "mdimappend lock 1"}, {"state", state}};
    document.update(toJson(holder));
    return dumpJson(document, 2) + "\n";
}

/// From the start of a file that was just opened.
LockHolder holderIn(Posix &posix, int fd)
{
    std::string text(4096, '\0');
    const ssize_t count = posix.read(fd, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    const auto document = parseJson(text);
    return document ? holderFrom(*document) : LockHolder();
}

class KernelLock final : public Lock
{
  public:
    /// `fd`: the file, just opened; it is this object's from now on.
    KernelLock(Posix &posix, int fd, std::string path)
        : m_posix(posix), m_fd(fd), m_path(std::move(path)),
          m_closedInChildren(std::in_place, fd)
    {
    }

    ~KernelLock() override
    {
        // In a child the descriptor is closed, and the lock is its parent's.
        if (!m_takenBy.isThisProcess())
            return;
        if (m_named)
        {
            writeDocument("free");
            trace(m_path, "freed");
        }
        // Said, and not left to the end of the descriptor, of which somebody
        // may have a copy all the same. Best effort: it goes with the process.
        if (m_taken)
            m_posix.unlock(m_fd);
        m_closedInChildren.reset();
        m_posix.close(m_fd);
    }

    KernelLock(const KernelLock &) = delete;
    KernelLock &operator=(const KernelLock &) = delete;

    /// What the system answers: 0, or why not.
    int take()
    {
        if (m_posix.lockExclusive(m_fd) != 0)
            return errno;
        m_taken = true;
        return 0;
    }

    LockHolder otherHolder()
    {
        return holderIn(m_posix, m_fd);
    }

    bool isOfThePath()
    {
        struct stat held = {};
        struct stat present = {};
        if (m_posix.fstat(m_fd, &held) != 0)
            return false;
        m_size = held.st_size;
        return m_posix.lstat(m_path.c_str(), &present) == 0 &&
               held.st_ino == present.st_ino && held.st_dev == present.st_dev;
    }

    Status stillOurs() override
    {
        MDIMAPPEND_RETURN_IF_ERROR(m_takenBy.check(m_path));
        if (isOfThePath())
            return Status::ok();
        trace(m_path, "lost: the file was removed or replaced");
        return error("the lock '" + m_path +
                     "' was removed or replaced by somebody else");
    }

    void name(LockHolder holder)
    {
        m_named = true;
        m_holder = std::move(holder);
        writeDocument("held");
        traceHolder(m_path, "taken by", m_holder);
    }

  private:
    void writeDocument(const char *state)
    {
        const std::string text = documentText(state, m_holder);
        // Informative only; a torn document names no holder. It is not cut off
        // at its beginning first: ext4 writes a file to the disk that was
        // emptied, when it is closed.
        if (m_posix.lseek(m_fd, 0, SEEK_SET) != 0 ||
            m_posix.write(m_fd, text.data(), text.size()) !=
                static_cast<ssize_t>(text.size()))
            return;
        const auto size = static_cast<off_t>(text.size());
        if (m_size > size && m_posix.ftruncate(m_fd, size) != 0)
            return;
        m_size = size;
    }

    Posix &m_posix;
    int m_fd;
    std::string m_path;
    LockHolder m_holder;
    off_t m_size = 0;  ///< of the file
    TakenBy m_takenBy;
    std::optional<ClosedInChildren> m_closedInChildren;
    bool m_taken = false;
    bool m_named = false;
};

Result<std::unique_ptr<KernelLock>> openLock(const LockRequest &request,
                                             Posix &posix)
{
    const int fd = posix.open(request.path.c_str(),
                              O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return error("cannot open the lock '" + request.path +
                     "': " + std::strerror(errno));
    return std::make_unique<KernelLock>(posix, fd, request.path);
}

Status noSuchLocks(const std::string &path, int code)
{
    return error("the lock '" + path +
                 "' cannot be taken: " + std::strerror(code) +
                 ". This file system has no working OFD locks; "
                 "--lock lease needs none.");
}

}  // namespace

Result<std::unique_ptr<Lock>> acquireLocalLock(const LockRequest &request,
                                               Storage &storage, Posix &posix)
{
    trace(request.path, "the kernel's lock is asked for");
    Claims claims(storage, claimsFolder(request.path));
    LockWait wait(request);
    ClaimWatch watch(claims);
    while (true)
    {
        MDIMAPPEND_ASSIGN(auto lock, openLock(request, posix));
        if (const int code = lock->take(); code != 0)
        {
            const LockHolder holder = lock->otherHolder();
            lock.reset();
            if (code != EAGAIN && code != EACCES)
                return noSuchLocks(request.path, code);
            MDIMAPPEND_RETURN_IF_ERROR(wait.pause(holder));
            continue;
        }
        if (!lock->isOfThePath())
            continue;
        MDIMAPPEND_ASSIGN(const auto latest, claims.latest());
        if (!latest || !latest->held)
        {
            lock->name(thisProcess(request.command));
            return std::unique_ptr<Lock>(std::move(lock));
        }
        MDIMAPPEND_ASSIGN(const bool isGone,
                          watch.isGone(*latest, leaseTime(request)));
        if (isGone)
        {
            traceHolder(request.path, "the lease is over, and passed by: of",
                        latest->holder);
            // Its holder, should it wake up, has to find it lost.
            MDIMAPPEND_RETURN_IF_ERROR(
                claims.create(freeAfter(*latest)).takeStatus());
            continue;
        }
        lock.reset();
        MDIMAPPEND_RETURN_IF_ERROR(wait.pause(latest->holder, endOf(*latest)));
    }
}

Result<std::optional<LockHolder>> kernelLockHolder(const std::string &path,
                                                   Posix &posix)
{
    const int fd = posix.open(
        path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::optional<LockHolder>();
        return error("cannot open the lock '" + path +
                     "': " + std::strerror(errno));
    }
    bool isHeld = false;
    std::optional<LockHolder> holder;
    if (posix.askLock(fd, &isHeld) == 0 && isHeld)
        holder = holderIn(posix, fd);
    posix.close(fd);
    return holder;
}

Result<LockState> peekLock(const std::string &path, Storage &storage,
                           Posix &posix)
{
    MDIMAPPEND_ASSIGN(const auto kernel, kernelLockHolder(path, posix));
    if (kernel)
        return LockState{true, false, *kernel};
    MDIMAPPEND_ASSIGN(const auto claim,
                      Claims(storage, claimsFolder(path)).latest());
    if (claim && claim->held)
        return LockState{
            true, true, claim->holder, {claim->number, claim->holder.nonce}};
    return LockState{};
}

}  // namespace mdimappend
