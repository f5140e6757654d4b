// Somebody who waits for a lock asks again and again, more and more seldom,
// until the time is over or the caller has enough of it.

#include "lock/lock_wait.h"

#include "lock/lock_trace.h"

#include <algorithm>
#include <thread>

namespace mdimappend
{

Status LockWait::pause(const LockHolder &holder, const std::string &hint)
{
    const std::chrono::duration<double> waited = Clock::now() - m_started;
    if (m_request.timeout && waited >= *m_request.timeout)
    {
        traceHolder(m_request.path, "not waited for any longer: held by",
                    holder);
        return {Failure::Locked, "locked by " + holder.describe() + ": '" +
                                     m_request.path + "'. " + hint +
                                     "Try again later."};
    }
    if (m_request.cancelled && m_request.cancelled())
        return {Failure::Interrupted, "interrupted while waiting for the "
                                      "lock '" +
                                          m_request.path + "'"};
    if (m_traced != holder)
    {
        traceHolder(m_request.path, "waited for: held by", holder);
        m_traced = holder;
    }
    std::this_thread::sleep_for(m_pause);
    m_pause = std::min(2 * m_pause, m_longest);
    return Status::ok();
}

}  // namespace mdimappend
