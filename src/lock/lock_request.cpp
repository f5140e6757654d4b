// The clock by which leases are counted goes on while the machine sleeps.

#include "lock/lock_request.h"

#include <ctime>

namespace mdimappend
{

std::chrono::duration<double> leaseTime(const LockRequest &request)
{
    if (request.clock)
        return request.clock();
    timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace mdimappend
