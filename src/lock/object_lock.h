// The lock of an object store: one small document, `<sidecar>/lock`, that is
// created, renewed, taken over and freed by conditional puts (docs/format.md).
//
// It is a lease (lock.h): whoever holds it may lose it unawares. The document
// also says what its holders have left to be settled, and what the log ends
// with, so that an append to a store that is in order looks neither for
// journals nor for the end of the log.

#pragma once

#include "lock/lock_document.h"
#include "lock/lock_request.h"
#include "storage/object_requests.h"

#include <memory>
#include <optional>
#include <string>

namespace mdimappend
{

struct TakenObjectLock
{
    std::unique_ptr<Lock> lock;
    /// Nobody else has held it since this process did.
    bool isContinued = false;
    /// The version that it took the place of; "" if there was no document.
    std::string replaced;
    /// Nothing if it has to be looked for.
    std::optional<LogEnd> logEnd;
};

/// `seen` is what this process knows of the document, if it does; what it
/// leaves at the end is noted there. `requests` and `seen` must outlive the
/// lock. Failure::Locked when somebody else holds it; Failure::Error where the
/// store does not heed conditions.
Result<TakenObjectLock> acquireObjectLock(const LockRequest &request,
                                          ObjectRequests &requests,
                                          std::optional<SeenLock> &seen);

/// Fails if the lease that was left is not held any more.
Status checkLeft(const LeaseTicket &left, const std::string &path,
                 ObjectRequests &requests);

Result<LockState> peekObjectLock(ObjectRequests &requests,
                                 const std::string &path);

/// For whoever is going to write without it: nobody holds it any more, and what
/// it says of the log's end and of what is unsettled counts no longer.
Status voidObjectLock(ObjectRequests &requests, const std::string &path);

/// Frees a lease whose holder is known to be gone. False if there is none.
Result<bool> endObjectLease(ObjectRequests &requests, const std::string &path);

}  // namespace mdimappend
