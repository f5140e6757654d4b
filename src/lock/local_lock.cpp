#include "lock/lock.h"

#include "storage/checksum.h"
#include "time/utc_now.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace mdimappend
{

namespace
{

std::string documentText(const char *state, const LockHolder &holder)
{
    const nlohmann::ordered_json document = {
        {"format", "mdimappend lock 1"}, {"state", state},
        {"nonce", holder.nonce},         {"host", holder.host},
        {"process", holder.process},     {"started", holder.started},
        {"command", holder.command}};
    return document.dump(2, ' ', false,
                         nlohmann::ordered_json::error_handler_t::replace) +
           "\n";
}

LockHolder parseHolder(const std::string &text)
{
    LockHolder holder;
    const auto document =
        nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object())
        return holder;
    const auto textOf = [&](const char *key)
    {
        const auto member = document.find(key);
        return member != document.end() && member->is_string()
                   ? member->get<std::string>()
                   : std::string();
    };
    holder.nonce = textOf("nonce");
    holder.host = textOf("host");
    holder.started = textOf("started");
    holder.command = textOf("command");
    if (const auto process = document.find("process");
        process != document.end() && process->is_number_integer())
        holder.process = process->get<long>();
    return holder;
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

  private:
    Posix &m_posix;
    int m_fd;
    std::string m_path;
    LockHolder m_holder;
};

bool isSameFile(Posix &posix, int fd, const std::string &path)
{
    struct stat opened = {};
    struct stat present = {};
    return posix.fstat(fd, &opened) == 0 &&
           posix.lstat(path.c_str(), &present) == 0 &&
           opened.st_ino == present.st_ino && opened.st_dev == present.st_dev;
}

}  // namespace

std::string LockHolder::describe() const
{
    if (host.empty() && process == 0)
        return "a holder that left no name";
    return "process " + std::to_string(process) + " on " + host +
           (started.empty() ? "" : " since " + started) +
           (command.empty() ? "" : " (" + command + ")");
}

LockHolder thisProcess(const std::string &command)
{
    LockHolder holder;
    holder.nonce = randomNonce();
    char host[256] = {};
    if (gethostname(host, sizeof(host) - 1) == 0)
        holder.host = host;
    holder.process = getpid();
    holder.started = utcNow();
    holder.command = command.substr(0, 1000);
    return holder;
}

Result<std::unique_ptr<Lock>> acquireLocalLock(const LockRequest &request,
                                               Posix &posix)
{
    using Clock = std::chrono::steady_clock;
    const auto started = Clock::now();
    auto pause = std::chrono::milliseconds(5);
    while (true)
    {
        const int fd =
            posix.open(request.path.c_str(),
                       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0)
            return error("cannot open the lock '" + request.path +
                         "': " + std::strerror(errno));
        if (posix.lockExclusive(fd) == 0)
        {
            if (isSameFile(posix, fd, request.path))
            {
                auto lock = std::make_unique<LocalLock>(
                    posix, fd, request.path, thisProcess(request.command));
                lock->writeDocument("held");
                return std::unique_ptr<Lock>(std::move(lock));
            }
            posix.close(fd);
            continue;
        }
        const int code = errno;
        const LockHolder holder = parseHolder(readSmall(posix, fd));
        posix.close(fd);
        if (code != EAGAIN && code != EACCES)
            return error("the lock '" + request.path +
                         "' cannot be taken: " + std::strerror(code) +
                         ". This file system has no working OFD locks.");
        const std::chrono::duration<double> waited = Clock::now() - started;
        if (request.timeout && waited >= *request.timeout)
            return Status(Failure::Locked, "locked by " + holder.describe() +
                                               ": '" + request.path +
                                               "'. Try again later.");
        if (request.cancelled && request.cancelled())
            return Status(Failure::Interrupted,
                          "interrupted while waiting for the lock '" +
                              request.path + "'");
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, std::chrono::milliseconds(100));
    }
}

Result<LockState> peekLocalLock(const std::string &path)
{
    LockState state;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return state;
        return error("cannot open the lock '" + path +
                     "': " + std::strerror(errno));
    }
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    state.held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    state.holder = parseHolder(readSmall(Posix::system(), fd));
    ::close(fd);
    return state;
}

}  // namespace mdimappend
