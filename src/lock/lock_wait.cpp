#include "lock/lock_wait.h"

#include "storage/local_storage.h"

#include <algorithm>
#include <ctime>
#include <thread>

namespace mdimappend
{

Status LockWait::pause(const LockHolder &holder, const std::string &hint)
{
    const std::chrono::duration<double> waited = Clock::now() - m_started;
    if (m_request.timeout && waited >= *m_request.timeout)
        return {Failure::Locked, "locked by " + holder.describe() + ": '" +
                                     m_request.path + "'. " + hint +
                                     "Try again later."};
    if (m_request.cancelled && m_request.cancelled())
        return {Failure::Interrupted, "interrupted while waiting for the "
                                      "lock '" +
                                          m_request.path + "'"};
    std::this_thread::sleep_for(m_pause);
    m_pause = std::min(2 * m_pause, m_longest);
    return Status::ok();
}

std::chrono::duration<double> leaseTime(const LockRequest &request)
{
    if (request.clock)
        return request.clock();
    timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::nanoseconds(now.tv_nsec);
}

std::string claimsFolder(const std::string &lock)
{
    return parentFolder(lock) + "/lease";
}

}  // namespace mdimappend
