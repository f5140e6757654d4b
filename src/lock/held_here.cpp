// A forked child has copies of its parent's objects and descriptors: here it
// learns that they are not its own.

#include "lock/held_here.h"

#include "mutex.h"

#include <algorithm>
#include <pthread.h>
#include <unistd.h>
#include <vector>

namespace mdimappend
{

namespace
{

/// All that a child closes. It is never destroyed: a process may fork while its
/// static objects go.
struct Register
{
    std::mutex mutex;
    std::vector<int> descriptors;
};

Register &all()
{
    static auto &instance = *new Register;
    return instance;
}

void beforeFork()
{
    all().mutex.lock();
}

void inParent()
{
    all().mutex.unlock();
}

/// Of the process's threads only the one that forked is in the child, so only
/// what is safe in a signal handler may be done: no memory, and the system's
/// close itself, since another thread may have been within the Posix seam.
void inChild()
{
    for (const int fd : all().descriptors)
        ::close(fd);
    all().descriptors.clear();
    all().mutex.unlock();
}

}  // namespace

TakenBy::TakenBy() : m_process(getpid())
{
}

bool TakenBy::isThisProcess() const
{
    return m_process == getpid();
}

Status TakenBy::check(const std::string &path) const
{
    if (isThisProcess())
        return Status::ok();
    return error("the lock '" + path + "' is held by process " +
                 std::to_string(m_process) +
                 ", from which this one was forked: a forked process cannot "
                 "go on with its parent's append");
}

ClosedInChildren::ClosedInChildren(int fd) : m_fd(fd)
{
    // Without memory for the handlers, children keep their copies.
    [[maybe_unused]] static const int registered =
        pthread_atfork(beforeFork, inParent, inChild);
    const std::lock_guard guard(all().mutex);
    all().descriptors.push_back(m_fd);
}

ClosedInChildren::~ClosedInChildren()
{
    const std::lock_guard guard(all().mutex);
    std::erase(all().descriptors, m_fd);
}

}  // namespace mdimappend
