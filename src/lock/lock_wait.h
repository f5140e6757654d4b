// Waiting for a lock: as long as was asked for, with pauses that grow.

#pragma once

#include "lock/lock_request.h"

namespace mdimappend
{

class LockWait
{
  public:
    explicit LockWait(
        const LockRequest &request,
        std::chrono::milliseconds longest = std::chrono::milliseconds(100))
        : m_request(request), m_longest(longest)
    {
    }

    /// Sleeps a little. Failure::Locked by `holder` when the time is over.
    Status pause(const LockHolder &holder, const std::string &hint = "");

  private:
    using Clock = std::chrono::steady_clock;

    const LockRequest &m_request;
    std::chrono::milliseconds m_longest;
    Clock::time_point m_started = Clock::now();
    std::chrono::milliseconds m_pause{5};
    /// Whom it has been said to wait for.
    std::optional<LockHolder> m_traced;
};

}  // namespace mdimappend
