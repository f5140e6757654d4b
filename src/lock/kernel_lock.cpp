#include "lock/kernel_lock.h"

#include "lock/claims.h"
#include "lock/lock_wait.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

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
std::string readSmall(Posix &posix, int fd)
{
    std::string text(4096, '\0');
    const ssize_t count = posix.read(fd, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

class LocalLock final : public Lock
{
  public:
    LocalLock(Posix &posix, int fd, std::string path, LockHolder holder)
        : m_posix(posix), m_fd(fd), m_path(std::move(path)),
          m_holder(std::move(holder))
    {
    }

    ~LocalLock() override
    {
        // Best effort: the kernel's lock decides, and it goes with the
        // descriptor.
        if (m_named)
            writeDocument("free");
        m_posix.close(m_fd);
    }

    LocalLock(const LocalLock &) = delete;
    LocalLock &operator=(const LocalLock &) = delete;

    Status stillOurs() override
    {
        struct stat held = {};
        struct stat present = {};
        if (m_posix.fstat(m_fd, &held) != 0 ||
            m_posix.lstat(m_path.c_str(), &present) != 0 ||
            held.st_ino != present.st_ino || held.st_dev != present.st_dev)
            return error("the lock '" + m_path +
                         "' was removed or replaced by somebody else");
        return Status::ok();
    }

    void name()
    {
        m_named = true;
        writeDocument("held");
    }

  private:
    void writeDocument(const char *state)
    {
        const std::string text = documentText(state, m_holder);
        if (m_posix.ftruncate(m_fd, 0) == 0)
        {
            lseek(m_fd, 0, SEEK_SET);
            // Informative only; a torn document names no holder.
            [[maybe_unused]] const ssize_t count =
                m_posix.write(m_fd, text.data(), text.size());
        }
    }

    Posix &m_posix;
    int m_fd;
    std::string m_path;
    LockHolder m_holder;
    bool m_named = false;
};

LockHolder holderIn(Posix &posix, int fd)
{
    const auto document = parseJson(readSmall(posix, fd));
    return document ? holderFrom(*document) : LockHolder();
}

bool isSameFile(Posix &posix, int fd, const std::string &path)
{
    struct stat opened = {};
    struct stat present = {};
    return posix.fstat(fd, &opened) == 0 &&
           posix.lstat(path.c_str(), &present) == 0 &&
           opened.st_ino == present.st_ino && opened.st_dev == present.st_dev;
}

}  // namespace

Result<std::unique_ptr<Lock>> acquireLocalLock(const LockRequest &request,
                                               Storage &storage, Posix &posix)
{
    Claims claims(storage, claimsFolder(request.path));
    LockWait wait(request);
    ClaimWatch watch(claims);
    while (true)
    {
        const int fd =
            posix.open(request.path.c_str(),
                       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0)
            return error("cannot open the lock '" + request.path +
                         "': " + std::strerror(errno));
        if (posix.lockExclusive(fd) != 0)
        {
            const int code = errno;
            const LockHolder holder = holderIn(posix, fd);
            posix.close(fd);
            if (code != EAGAIN && code != EACCES)
                return error("the lock '" + request.path +
                             "' cannot be taken: " + std::strerror(code) +
                             ". This file system has no working OFD locks; "
                             "--lock lease needs none.");
            MDIMAPPEND_RETURN_IF_ERROR(wait.pause(holder));
            continue;
        }
        auto lock = std::make_unique<LocalLock>(posix, fd, request.path,
                                                thisProcess(request.command));
        if (!isSameFile(posix, fd, request.path))
            continue;
        MDIMAPPEND_ASSIGN(const auto latest, claims.latest());
        if (!latest || !latest->held)
        {
            lock->name();
            return std::unique_ptr<Lock>(std::move(lock));
        }
        MDIMAPPEND_ASSIGN(const bool isGone,
                          watch.isGone(*latest, leaseTime(request)));
        if (isGone)
        {
            // Its holder, should it wake up, has to find it lost.
            MDIMAPPEND_RETURN_IF_ERROR(
                claims.create(freeAfter(*latest)).takeStatus());
            continue;
        }
        lock.reset();
        MDIMAPPEND_RETURN_IF_ERROR(wait.pause(latest->holder, endOf(*latest)));
    }
}

Result<std::optional<LockHolder>> kernelLockHolder(const std::string &path)
{
    const int fd =
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::optional<LockHolder>();
        return error("cannot open the lock '" + path +
                     "': " + std::strerror(errno));
    }
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    std::optional<LockHolder> holder;
    if (fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK)
        holder = holderIn(Posix::system(), fd);
    ::close(fd);
    return holder;
}

Result<LockState> peekLock(const std::string &path, Storage &storage)
{
    MDIMAPPEND_ASSIGN(const auto kernel, kernelLockHolder(path));
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
