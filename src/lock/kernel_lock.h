// The kernel's lock: an OFD lock on `<sidecar>/lock` (docs/format.md, section
// 2), and how it looks from outside.

#pragma once

#include "lock/lock_request.h"
#include "storage/posix.h"
#include "storage/storage.h"

#include <memory>
#include <optional>
#include <string>

namespace mdimappend
{

/// Failure::Locked when somebody else holds it, or a lease, with who that is.
/// `storage` is where claims are; it must outlive the lock.
Result<std::unique_ptr<Lock>> acquireLocalLock(const LockRequest &request,
                                               Storage &storage,
                                               Posix &posix = Posix::system());

/// Who holds it; nobody also where the file system has no such locks.
Result<std::optional<LockHolder>>
kernelLockHolder(const std::string &path, Posix &posix = Posix::system());

/// Whether somebody holds the lock at `path` now, or a lease, without taking
/// it.
Result<LockState> peekLock(const std::string &path, Storage &storage,
                           Posix &posix = Posix::system());

}  // namespace mdimappend
