// The lock of an object store: one small document, `<sidecar>/lock`, that is
// created, renewed, taken over and freed by conditional puts (docs/format.md).
//
// It is a lease (lock.h): whoever holds it may lose it unawares. The document
// also says what its holders have left to be settled, and what the log ends
// with, so that an append to a store that is in order looks neither for
// journals nor for the end of the log.

#pragma once

#include "lock/lock.h"
#include "storage/object_requests.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct LockDocument
{
    bool held = false;
    std::chrono::duration<double> lease{0};
    std::uint64_t renewals = 0;
    /// How often the lock has been taken: part of transactions' names.
    std::uint64_t count = 0;
    LockHolder holder;
    /// Transactions that may have to be recovered.
    std::vector<std::string> unsettled;
    /// Whether these are all: journals need not be looked for.
    bool complete = false;
    /// If there are none: what the log ends with, if that is known.
    std::optional<LogEnd> logEnd;
};

std::string toText(const LockDocument &document);
/// One that is damaged is held, by nobody in particular.
LockDocument parseLockDocument(const std::string &text);

/// The document as it was seen last.
struct SeenLock
{
    bool exists = false;
    LockDocument document;
    std::string version;
    /// How long it has been so, by the server's clock.
    std::optional<double> age;
    /// This process has left it so.
    bool ours = false;
};

Result<SeenLock> readObjectLock(ObjectRequests &requests,
                                const std::string &path);

/// `seen` is what this process knows of the document, if it does; what it
/// leaves at the end is noted there. `requests` and `seen` must outlive the
/// lock. Failure::Error where the store does not heed conditions.
Result<std::unique_ptr<Lock>> acquireObjectLock(const LockRequest &request,
                                                ObjectRequests &requests,
                                                std::optional<SeenLock> &seen);

/// Fails if the lease that was left is not held any more.
Status checkLeft(const LeaseTicket &left, const std::string &path,
                 ObjectRequests &requests);

Result<LockState> peekObjectLock(ObjectRequests &requests,
                                 const std::string &path);

/// Frees a lease whose holder is known to be gone. False if there is none.
Result<bool> endObjectLease(ObjectRequests &requests, const std::string &path);

}  // namespace mdimappend
