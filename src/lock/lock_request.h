// What somebody who wants a lock asks for.

#pragma once

#include "lock/lock.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace mdimappend
{

struct LockRequest
{
    std::string path;
    std::string command;
    /// Zero fails at once; nothing waits for ever.
    std::optional<std::chrono::duration<double>> timeout;
    /// Asked while waiting; true ends the wait with Failure::Interrupted.
    std::function<bool()> cancelled;
    /// How long one's own lease lasts after each renewal.
    std::chrono::duration<double> lease{30};
    /// Goes on with a lease that was left, if it is still held.
    std::optional<LeaseTicket> left{};
    /// The time since some moment, the machine's sleep included; the system's
    /// CLOCK_BOOTTIME if there is none.
    std::function<std::chrono::duration<double>()> clock;
};

/// The request's clock, or CLOCK_BOOTTIME.
std::chrono::duration<double> leaseTime(const LockRequest &request);

}  // namespace mdimappend
