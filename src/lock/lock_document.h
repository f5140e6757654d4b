// The document of an object store's lock (docs/format.md, section 9): who holds
// it, and what its holders have left to be settled.

#pragma once

#include "lock/lock.h"
#include "storage/object_requests.h"

#include <chrono>
#include <cstdint>
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

/// The name of the transaction that its holder may begin.
std::string transactionOf(const LockDocument &document);

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

/// Puts a document; the version that it then has, nothing if the condition does
/// not hold.
Result<std::optional<std::string>> putObjectLock(ObjectRequests &requests,
                                                 const std::string &path,
                                                 const LockDocument &document,
                                                 const PutCondition &condition);

}  // namespace mdimappend
