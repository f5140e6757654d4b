// The kernel's lock on `<sidecar>/lock`, seen from outside.

#pragma once

#include "lock/lock.h"

namespace mdimappend
{

/// Who holds it; nobody also where the file system has no such locks.
Result<std::optional<LockHolder>> kernelLockHolder(const std::string &path);

}  // namespace mdimappend
