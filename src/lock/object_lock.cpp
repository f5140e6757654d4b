// Taken by replacing the very version that was seen, once it is free or over.
// The first one to take it proves that the store heeds such conditions.

#include "lock/object_lock.h"

#include "lock/conditions_proof.h"
#include "lock/lock_trace.h"
#include "lock/lock_wait.h"
#include "lock/object_claim.h"

#include <format>
#include <utility>

namespace mdimappend
{

namespace
{

using Seconds = std::chrono::duration<double>;

/// Each look costs a request.
constexpr std::chrono::milliseconds longestPause{1000};
/// The clocks of a store's servers may differ by some seconds.
constexpr Seconds serverClocks{10};

/// Watches a document that does not change: how long, by one's own clock, or by
/// the server's alone.
class DocumentWatch
{
  public:
    bool isGone(const SeenLock &seen, Seconds now)
    {
        if (m_version != seen.version)
        {
            m_version = seen.version;
            m_since = now;
        }
        // Clocks may run at slightly different rates.
        const auto longest = 1.1 * seen.document.lease;
        return now - m_since > longest ||
               (seen.age && Seconds(*seen.age) > longest + serverClocks);
    }

  private:
    std::string m_version;
    Seconds m_since{0};
};

Status checkSame(const LeaseTicket &left, const std::string &path,
                 const SeenLock &seen)
{
    const auto &document = seen.document;
    const bool held = seen.exists && document.held;
    if (held && left == LeaseTicket{document.count, document.holder.nonce})
        return Status::ok();
    return leaseIsOver(path, held ? &document.holder : nullptr);
}

LockDocument claimAfter(const LockDocument &before, const LockRequest &request)
{
    LockDocument claim;
    claim.held = true;
    claim.lease = request.lease;
    claim.count = before.count + 1;
    claim.holder = thisProcess(request.command);
    claim.complete = before.complete;
    claim.unsettled = before.unsettled;
    claim.unsettled.push_back(transactionOf(claim));
    return claim;
}

TakenObjectLock hold(const LockRequest &request,
                     std::unique_ptr<ObjectClaim> claim, const SeenLock &before,
                     Seconds taken)
{
    TakenObjectLock held;
    held.isContinued = before.ours;
    held.replaced = before.version;
    held.logEnd = claim->logEnd();
    held.lock =
        std::make_unique<RenewedLease>(request, std::move(claim), taken);
    return held;
}

/// Its transaction, which is the last of those unsettled, is this holder's own
/// again.
Result<TakenObjectLock> goOnWithLease(const LockRequest &request,
                                      ObjectRequests &requests,
                                      std::optional<SeenLock> &seen)
{
    seen.reset();
    MDIMAPPEND_ASSIGN(SeenLock before, readObjectLock(requests, request.path));
    MDIMAPPEND_RETURN_IF_ERROR(checkSame(*request.left, request.path, before));
    LockDocument mine = before.document;
    ++mine.renewals;
    mine.holder = thisProcess(request.command);
    mine.holder.nonce = request.left->nonce;
    const auto renewed = leaseTime(request);
    MDIMAPPEND_ASSIGN(const auto version,
                      putObjectLock(requests, request.path, mine,
                                    PutCondition::same(before.version)));
    if (!version)
        return error("the lock '" + request.path +
                     "' changed just now; try again");
    traceHolder(request.path, "the lease that was left is gone on with by",
                mine.holder);
    std::erase(before.document.unsettled, transactionOf(mine));
    auto claim = std::make_unique<ObjectClaim>(request.path, requests, seen,
                                               std::move(mine), before.document,
                                               *version);
    claim->begun();
    return hold(request, std::move(claim), before, renewed);
}

/// Waits until the lock may be taken; the document as it then is.
Result<SeenLock> waitUntilFree(const LockRequest &request,
                               ObjectRequests &requests,
                               std::optional<SeenLock> &seen, LockWait &wait,
                               DocumentWatch &watch)
{
    while (true)
    {
        if (!seen)
        {
            MDIMAPPEND_ASSIGN(seen, readObjectLock(requests, request.path));
        }
        auto found = *std::exchange(seen, std::nullopt);
        const auto &document = found.document;
        if (!found.exists || !document.held)
            return found;
        if (watch.isGone(found, leaseTime(request)))
        {
            traceHolder(request.path, "the lease is over, and taken over: from",
                        document.holder);
            return found;
        }
        MDIMAPPEND_RETURN_IF_ERROR(wait.pause(
            document.holder,
            std::format("It is a lease, which expires {:g} s after its last "
                        "renewal, if you wait that long (--lock-timeout). ",
                        document.lease.count())));
    }
}

}  // namespace

Status checkLeft(const LeaseTicket &left, const std::string &path,
                 ObjectRequests &requests)
{
    MDIMAPPEND_ASSIGN(const auto seen, readObjectLock(requests, path));
    return checkSame(left, path, seen);
}

Result<TakenObjectLock> acquireObjectLock(const LockRequest &request,
                                          ObjectRequests &requests,
                                          std::optional<SeenLock> &seen)
{
    trace(request.path, "the store's lock is asked for");
    if (request.left)
        return goOnWithLease(request, requests, seen);
    LockWait wait(request, longestPause);
    DocumentWatch watch;
    while (true)
    {
        MDIMAPPEND_ASSIGN(const auto before,
                          waitUntilFree(request, requests, seen, wait, watch));
        LockDocument mine = claimAfter(before.document, request);
        const auto taken = leaseTime(request);
        MDIMAPPEND_ASSIGN(const auto version,
                          putObjectLock(requests, request.path, mine,
                                        before.exists
                                            ? PutCondition::same(before.version)
                                            : PutCondition::absent()));
        if (!version)
            continue;
        if (isUnproved(before))
            MDIMAPPEND_RETURN_IF_ERROR(proveConditions(
                request.path, requests, mine, *version,
                [&] { return leaseTime(request) - taken < mine.lease; }));
        traceHolder(request.path, "the store's lock is taken by", mine.holder);
        return hold(request,
                    std::make_unique<ObjectClaim>(request.path, requests, seen,
                                                  std::move(mine),
                                                  before.document, *version),
                    before, taken);
    }
}

Result<LockState> peekObjectLock(ObjectRequests &requests,
                                 const std::string &path)
{
    MDIMAPPEND_ASSIGN(const auto seen, readObjectLock(requests, path));
    const auto &document = seen.document;
    return LockState{seen.exists && document.held,
                     true,
                     document.holder,
                     {document.count, document.holder.nonce},
                     document.unsettled};
}

Status voidObjectLock(ObjectRequests &requests, const std::string &path)
{
    // Its holder may renew it meanwhile.
    constexpr int mostTries = 3;
    for (int i = 0; i < mostTries; ++i)
    {
        MDIMAPPEND_ASSIGN(const auto seen, readObjectLock(requests, path));
        LockDocument document = seen.document;
        if (!seen.exists ||
            (!document.held && !document.complete && !document.logEnd))
            return Status::ok();
        document.held = false;
        document.complete = false;
        document.logEnd.reset();
        MDIMAPPEND_ASSIGN(const auto put,
                          putObjectLock(requests, path, document,
                                        PutCondition::same(seen.version)));
        if (put)
            return Status::ok();
    }
    return error("the lock '" + path +
                 "' changes again and again: somebody is at work. Nothing was "
                 "written");
}

Result<bool> endObjectLease(ObjectRequests &requests, const std::string &path)
{
    MDIMAPPEND_ASSIGN(const auto seen, readObjectLock(requests, path));
    if (!seen.exists || !seen.document.held)
        return false;
    LockDocument document = seen.document;
    document.held = false;
    document.logEnd.reset();
    MDIMAPPEND_ASSIGN(const auto put,
                      putObjectLock(requests, path, document,
                                    PutCondition::same(seen.version)));
    if (!put)
        return error("the lock '" + path + "' changed just now; try again");
    traceHolder(path, "the lease is ended by hand: of", document.holder);
    return true;
}

}  // namespace mdimappend
