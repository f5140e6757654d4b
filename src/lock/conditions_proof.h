// Whoever is the first to take an object store's lock proves that the store
// heeds the conditions of a put: one that anybody could take is none.

#pragma once

#include "lock/lock_document.h"
#include "status.h"
#include "storage/object_requests.h"

#include <functional>
#include <string>

namespace mdimappend
{

/// Whoever was the first to take it may have been killed before the proof.
bool isUnproved(const SeenLock &seen);

/// Two puts that must fail. Otherwise the lock that was just taken is not held
/// any more: Failure::Error. `isOurs`: whether nobody can have taken it over.
Status proveConditions(const std::string &path, ObjectRequests &requests,
                       const LockDocument &mine, const std::string &version,
                       const std::function<bool()> &isOurs);

}  // namespace mdimappend
