#include "lock/object_lock.h"

#include "json/json_text.h"
#include "lock/claims.h"
#include "lock/lock_wait.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <atomic>
#include <condition_variable>
#include <format>
#include <mutex>
#include <thread>
#include <utility>

namespace mdimappend
{

namespace
{

using Seconds = std::chrono::duration<double>;

constexpr const char *formatName = "mdimappend lock 2";
constexpr std::uint64_t largestDocumentOfLock = 1U << 20;
/// Records are carried along as long as they are small.
constexpr std::size_t largestRecordCarried = 16U << 10;
/// Each look costs a request.
constexpr std::chrono::milliseconds longestPause{1000};
/// The clocks of a store's servers may differ by some seconds.
constexpr Seconds serverClocks{10};

std::string transactionOf(const LockDocument &document)
{
    return std::format("{:012}-{}", document.count, document.holder.nonce);
}

/// A later version than any, for a condition that cannot hold.
std::string wrongVersion(const std::string &version)
{
    const bool isGeneration =
        version.find_first_not_of("0123456789") == std::string::npos;
    return isGeneration ? "1" : "\"00000000000000000000000000000000\"";
}

class ObjectLock final : public Lock
{
  public:
    ObjectLock(const LockRequest &request, ObjectRequests &requests,
               std::optional<SeenLock> &seen, LockDocument document,
               SeenLock before, std::string version, Seconds taken)
        : m_request(request), m_requests(requests), m_seen(seen),
          m_document(std::move(document)), m_before(std::move(before.document)),
          m_isContinued(before.ours), m_version(std::move(version)),
          m_renewed(taken.count()), m_isLeft(request.left.has_value()),
          m_renewing(
              [this,
               configuration = CPLStringList(CPLGetThreadLocalConfigOptions())]
              {
                  CPLSetThreadLocalConfigOptions(configuration.List());
                  keepRenewing();
              })
    {
    }

    ~ObjectLock() override
    {
        {
            const std::lock_guard guard(m_mutex);
            m_ended = true;
        }
        m_wake.notify_all();
        m_renewing.join();
        m_seen.reset();
        if (m_isLeft)
            return;
        // Best effort: it ends by itself.
        if (!m_lost && timeLeft() > Seconds(0))
            free();
    }

    ObjectLock(const ObjectLock &) = delete;
    ObjectLock &operator=(const ObjectLock &) = delete;

    bool isLease() const override
    {
        return true;
    }

    bool isContinued() const override
    {
        return m_isContinued;
    }

    Seconds timeLeft() const override
    {
        return m_lost ? Seconds(0)
                      : m_document.lease -
                            (leaseTime(m_request) - Seconds(m_renewed));
    }

    Status stillOurs() override
    {
        MDIMAPPEND_ASSIGN(const auto present,
                          readObjectLock(m_requests, m_request.path));
        if (!present.exists || !present.document.held ||
            present.document.holder.nonce != m_document.holder.nonce)
            return error("the lock '" + m_request.path + "' was taken over" +
                         (present.exists && present.document.held
                              ? " by " + present.document.holder.describe()
                              : std::string(" by somebody else")));
        if (timeLeft() <= Seconds(0))
            return error("the lease '" + m_request.path +
                         "' ran out: it could not be renewed in time");
        return Status::ok();
    }

    void freeAtEnd() override
    {
        m_isLeft = false;
    }

    Result<LeaseTicket> leave() override
    {
        renew();
        MDIMAPPEND_RETURN_IF_ERROR(stillOurs());
        m_isLeft = true;
        return LeaseTicket{m_document.count, m_document.holder.nonce};
    }

    std::string transactionName() const override
    {
        return transactionOf(m_document);
    }

    std::optional<std::vector<std::string>> unsettled() const override
    {
        if (!m_before.complete)
            return std::nullopt;
        return m_before.unsettled;
    }

    std::optional<LogEnd> logEnd() const override
    {
        return m_before.complete && m_before.unsettled.empty() ? m_before.logEnd
                                                               : std::nullopt;
    }

    void begun() override
    {
        m_ownSettled = false;
    }

    void settledOthers(bool logIsAsBefore) override
    {
        m_othersSettled = true;
        if (!logIsAsBefore)
            m_before.logEnd.reset();
    }

    void settled(const std::optional<LogEnd> &end) override
    {
        m_ownSettled = true;
        if (end)
            m_before.logEnd = end;
    }

  private:
    void keepRenewing()
    {
        std::unique_lock guard(m_mutex);
        while (!m_wake.wait_for(guard, m_document.lease / 3,
                                [this] { return m_ended; }))
        {
            guard.unlock();
            renew();
            guard.lock();
        }
    }

    /// One that ran out is not renewed: somebody else may have counted.
    void renew()
    {
        const auto now = leaseTime(m_request);
        if (timeLeft() <= Seconds(0))
            return;
        ++m_document.renewals;
        const auto put =
            m_requests.put(m_request.path, toText(m_document),
                           PutCondition::same(m_version), VersionOfPut::Needed);
        if (put && *put)
        {
            m_version = **put;
            m_renewed = now.count();
        }
        else if (put)
        {
            m_lost = true;
        }
    }

    void free()
    {
        LockDocument document = m_document;
        document.held = false;
        document.unsettled.clear();
        if (!m_othersSettled)
            document.unsettled = m_before.unsettled;
        document.complete = m_othersSettled || m_before.complete;
        if (!m_ownSettled)
            document.unsettled.push_back(transactionName());
        if (document.complete && document.unsettled.empty())
            document.logEnd = m_before.logEnd;
        const auto put =
            m_requests.put(m_request.path, toText(document),
                           PutCondition::same(m_version), VersionOfPut::Needed);
        if (put && *put)
            m_seen = SeenLock{true, std::move(document), **put, {}, true};
    }

    const LockRequest m_request;
    ObjectRequests &m_requests;
    std::optional<SeenLock> &m_seen;
    LockDocument m_document;
    LockDocument m_before;
    bool m_isContinued;
    std::string m_version;
    std::atomic<double> m_renewed;
    std::atomic<bool> m_lost = false;
    std::atomic<bool> m_isLeft;
    bool m_othersSettled = false;
    bool m_ownSettled = true;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_ended = false;
    std::thread m_renewing;
};

/// Watches a document that does not change: how long, by one's own clock, or by
/// the server's alone.
class LeaseWatch
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

/// A lock that anybody could take from its holder is none.
Status proveConditions(const LockRequest &request, ObjectRequests &requests,
                       const std::string &version)
{
    const std::string probe = "{}\n";
    MDIMAPPEND_ASSIGN(const auto again,
                      requests.put(request.path, probe, PutCondition::absent(),
                                   VersionOfPut::NotNeeded));
    MDIMAPPEND_ASSIGN(const auto other,
                      requests.put(request.path, probe,
                                   PutCondition::same(wrongVersion(version)),
                                   VersionOfPut::NotNeeded));
    if (!again && !other && !version.empty())
        return Status::ok();
    return error("'" + request.path +
                 "': this store does not heed the conditions of a put "
                 "(If-None-Match, If-Match), so a lock in it excludes nobody. "
                 "--lock none appends all the same, if you see to it that "
                 "nobody else does. Nothing was written");
}

Status checkSame(const LeaseTicket &left, const std::string &path,
                 const SeenLock &seen)
{
    const auto &document = seen.document;
    const bool held = seen.exists && document.held;
    if (held && left == LeaseTicket{document.count, document.holder.nonce})
        return Status::ok();
    return leaseIsOver(path, held ? &document.holder : nullptr);
}

/// Its transaction, which is the last of those unsettled, is this holder's own
/// again.
Result<std::unique_ptr<Lock>> goOnWithLease(const LockRequest &request,
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
                      requests.put(request.path, toText(mine),
                                   PutCondition::same(before.version),
                                   VersionOfPut::Needed));
    if (!version)
        return error("the lock '" + request.path +
                     "' changed just now; try again");
    std::erase(before.document.unsettled, transactionOf(mine));
    auto lock = std::make_unique<ObjectLock>(request, requests, seen, mine,
                                             before, *version, renewed);
    lock->begun();
    return std::unique_ptr<Lock>(std::move(lock));
}

}  // namespace

Status checkLeft(const LeaseTicket &left, const std::string &path,
                 ObjectRequests &requests)
{
    MDIMAPPEND_ASSIGN(const auto seen, readObjectLock(requests, path));
    return checkSame(left, path, seen);
}

std::string toText(const LockDocument &document)
{
    Json json = {{"format", formatName},
                 {"state", document.held ? "held" : "free"},
                 {"lease", document.lease.count()},
                 {"renewals", document.renewals},
                 {"count", document.count}};
    json.update(toJson(document.holder));
    json["unsettled"] = document.unsettled;
    json["complete"] = document.complete;
    if (document.logEnd)
    {
        Json end = {{"sequence", document.logEnd->sequence}};
        if (!document.logEnd->record.empty() &&
            document.logEnd->record.size() <= largestRecordCarried)
            end["record"] = document.logEnd->record;
        json["log_end"] = std::move(end);
    }
    return dumpJson(json, 2) + "\n";
}

LockDocument parseLockDocument(const std::string &text)
{
    LockDocument document;
    document.held = true;
    document.lease = leaseFrom({});
    const auto json = parseJson(text);
    if (!json || textMember(*json, "format") != formatName)
        return document;
    document.held = textMember(*json, "state") != "free";
    document.holder = holderFrom(*json);
    document.lease = leaseFrom(*json);
    document.renewals = countMember(*json, "renewals");
    document.count = countMember(*json, "count");
    if (const Json &names = member(*json, "unsettled"); names.is_array())
    {
        for (const Json &name : names)
        {
            // It becomes part of paths.
            if (name.is_string() &&
                name.get<std::string>().find_first_not_of(
                    "0123456789abcdefghijklmnopqrstuvwxyz-") ==
                    std::string::npos &&
                !name.get<std::string>().empty())
                document.unsettled.push_back(name.get<std::string>());
        }
    }
    document.complete = member(*json, "complete") == true;
    if (const Json &end = member(*json, "log_end"); end.is_object())
        document.logEnd =
            LogEnd{countMember(end, "sequence"), textMember(end, "record")};
    return document;
}

Result<SeenLock> readObjectLock(ObjectRequests &requests,
                                const std::string &path)
{
    MDIMAPPEND_ASSIGN(const auto found,
                      requests.get(path, largestDocumentOfLock));
    if (!found)
        return SeenLock{};
    return SeenLock{true, parseLockDocument(found->bytes), found->version,
                    found->age, false};
}

Result<std::unique_ptr<Lock>> acquireObjectLock(const LockRequest &request,
                                                ObjectRequests &requests,
                                                std::optional<SeenLock> &seen)
{
    if (request.left)
        return goOnWithLease(request, requests, seen);
    LockWait wait(request, longestPause);
    LeaseWatch watch;
    while (true)
    {
        if (!seen)
        {
            MDIMAPPEND_ASSIGN(seen, readObjectLock(requests, request.path));
        }
        const auto before = *std::exchange(seen, std::nullopt);
        if (before.exists && before.document.held &&
            !watch.isGone(before, leaseTime(request)))
        {
            MDIMAPPEND_RETURN_IF_ERROR(wait.pause(
                before.document.holder,
                std::format("It is a lease, which is over {:g} s after its "
                            "last renewal, if one waits for so long "
                            "(--lock-timeout). ",
                            before.document.lease.count())));
            continue;
        }
        LockDocument mine;
        mine.held = true;
        mine.lease = request.lease;
        mine.count = before.document.count + 1;
        mine.holder = thisProcess(request.command);
        mine.complete = before.document.complete;
        mine.unsettled = before.document.unsettled;
        mine.unsettled.push_back(transactionOf(mine));
        const auto taken = leaseTime(request);
        MDIMAPPEND_ASSIGN(const auto version,
                          requests.put(request.path, toText(mine),
                                       before.exists
                                           ? PutCondition::same(before.version)
                                           : PutCondition::absent(),
                                       VersionOfPut::Needed));
        if (!version)
            continue;
        if (!before.exists)
        {
            if (auto proved = proveConditions(request, requests, *version);
                !proved)
            {
                // As long as it is nobody else's.
                if (leaseTime(request) - taken < mine.lease)
                    static_cast<void>(bool(requests.remove(request.path)));
                return proved;
            }
        }
        return std::unique_ptr<Lock>(std::make_unique<ObjectLock>(
            request, requests, seen, std::move(mine), before, *version, taken));
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

Result<bool> endObjectLease(ObjectRequests &requests, const std::string &path)
{
    MDIMAPPEND_ASSIGN(const auto seen, readObjectLock(requests, path));
    if (!seen.exists || !seen.document.held)
        return false;
    LockDocument document = seen.document;
    document.held = false;
    document.logEnd.reset();
    MDIMAPPEND_ASSIGN(const auto put,
                      requests.put(path, toText(document),
                                   PutCondition::same(seen.version),
                                   VersionOfPut::NotNeeded));
    if (!put)
        return error("the lock '" + path + "' changed just now; try again");
    return true;
}

}  // namespace mdimappend
