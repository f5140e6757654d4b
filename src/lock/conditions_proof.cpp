// Tries to put over the lock that was just taken, under conditions that do not
// hold.

#include "lock/conditions_proof.h"

#include <utility>
#include <vector>

namespace mdimappend
{

namespace
{

/// A later version than any, for a condition that cannot hold.
std::string wrongVersion(const std::string &version)
{
    const bool isGeneration =
        version.find_first_not_of("0123456789") == std::string::npos;
    return isGeneration ? "1" : "\"00000000000000000000000000000000\"";
}

Result<bool> heedsConditions(const std::string &path, ObjectRequests &requests,
                             const std::string &version)
{
    const std::string probe = "{}\n";
    MDIMAPPEND_ASSIGN(const auto again,
                      requests.put(path, probe, PutCondition::absent(),
                                   VersionOfPut::NotNeeded));
    MDIMAPPEND_ASSIGN(const auto other,
                      requests.put(path, probe,
                                   PutCondition::same(wrongVersion(version)),
                                   VersionOfPut::NotNeeded));
    return !again && !other && !version.empty();
}

/// What cannot be proved now is proved by the next one.
void freeUnproved(const std::string &path, ObjectRequests &requests,
                  LockDocument document, const std::string &version)
{
    std::erase(document.unsettled, transactionOf(document));
    document.held = false;
    document.count = 0;
    putObjectLock(requests, path, document, PutCondition::same(version))
        .status()
        .ignore("the lock ends by itself");
}

}  // namespace

bool isUnproved(const SeenLock &seen)
{
    const auto &document = seen.document;
    return !seen.exists || document.count == 0 ||
           (document.held && document.count == 1);
}

Status proveConditions(const std::string &path, ObjectRequests &requests,
                       const LockDocument &mine, const std::string &version,
                       const std::function<bool()> &isOurs)
{
    auto heeded = heedsConditions(path, requests, version);
    if (heeded && *heeded)
        return Status::ok();
    if (!heeded)
    {
        freeUnproved(path, requests, mine, version);
        return heeded.takeStatus();
    }
    // No deletion has a condition there, and nobody can ever hold this lock.
    if (isOurs())
        requests.remove(path).ignore("the lock that is none ends by itself");
    return error(
        "'" + path +
        "': this store does not heed the conditions of a put (If-None-Match, "
        "If-Match), so a lock in it excludes nobody. --lock none appends "
        "anyway, if you make sure that nobody else does. Nothing was written");
}

}  // namespace mdimappend
