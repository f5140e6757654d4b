// The lease of a folder (`--lock lease`): the highest claim (claims.h), while
// its holder renews it.

#pragma once

#include "lock/lock_request.h"
#include "storage/posix.h"
#include "storage/storage.h"

#include <memory>
#include <string>

namespace mdimappend
{

/// Failure::Locked when somebody else holds one, or the kernel's lock, with who
/// that is. `storage` is where claims are; it must outlive the lock.
Result<std::unique_ptr<Lock>> acquireLease(const LockRequest &request,
                                           Storage &storage,
                                           Posix &posix = Posix::system());

/// Fails if the lease that was left is not held any more.
Status checkLeft(const LeaseTicket &left, const std::string &path,
                 Storage &storage);

/// Ends a lease whose holder is known to be gone: the next writer need not wait
/// for it. Whoever it was finds that it has lost it. False if there is none.
Result<bool> endLease(const std::string &path, Storage &storage);

}  // namespace mdimappend
