#include "lock/claims.h"
#include "lock/kernel_lock.h"
#include "lock/lock_wait.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace mdimappend
{

namespace
{

using Seconds = std::chrono::duration<double>;

class Lease final : public Lock
{
  public:
    Lease(const LockRequest &request, Storage &storage, Claim claim,
          Seconds renewed)
        : m_request(request), m_claims(storage, claimsFolder(request.path)),
          m_isLeft(request.left.has_value()), m_claim(std::move(claim)),
          m_renewed(renewed), m_renewing([this] { keepRenewing(); })
    {
    }

    ~Lease() override
    {
        {
            const std::lock_guard guard(m_mutex);
            m_ended = true;
        }
        m_wake.notify_all();
        m_renewing.join();
        // Best effort: it ends by itself.
        if (m_isLeft || !stillOurs())
            return;
        // Others who go on with it as well, and renew it, do not bring it back.
        if (m_request.left)
        {
            static_cast<void>(bool(m_claims.create(freeAfter(m_claim))));
            return;
        }
        m_claim.held = false;
        static_cast<void>(bool(m_claims.rewrite(m_claim)));
    }

    Lease(const Lease &) = delete;
    Lease &operator=(const Lease &) = delete;

    bool isLease() const override
    {
        return true;
    }

    Status stillOurs() override
    {
        MDIMAPPEND_ASSIGN(const auto latest, m_claims.latest());
        const std::lock_guard guard(m_mutex);
        if (!latest || latest->number != m_claim.number ||
            latest->holder.nonce != m_claim.holder.nonce)
            return error("the lease '" + m_request.path + "' was taken over" +
                         (latest && latest->held
                              ? " by " + latest->holder.describe()
                              : std::string(" by somebody else")));
        if (leaseTime(m_request) - m_renewed >= m_claim.lease)
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
        {
            const std::lock_guard guard(m_mutex);
            renew();
        }
        MDIMAPPEND_RETURN_IF_ERROR(stillOurs());
        m_isLeft = true;
        return LeaseTicket{m_claim.number, m_claim.holder.nonce};
    }

  private:
    void keepRenewing()
    {
        std::unique_lock guard(m_mutex);
        while (!m_wake.wait_for(guard, m_claim.lease / 3,
                                [this] { return m_ended; }))
            renew();
    }

    /// A lease that ran out is not renewed: somebody else may have counted.
    void renew()
    {
        const auto now = leaseTime(m_request);
        if (now - m_renewed >= m_claim.lease)
            return;
        ++m_claim.renewals;
        if (m_claims.rewrite(m_claim))
            m_renewed = now;
    }

    const LockRequest m_request;
    Claims m_claims;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_ended = false;
    bool m_isLeft;
    Claim m_claim;
    Seconds m_renewed;
    std::thread m_renewing;
};

/// Fails if somebody else has claimed since, or the lease was ended.
Result<Claim> claimThatWasLeft(const LeaseTicket &left, const std::string &path,
                               Claims &claims)
{
    MDIMAPPEND_ASSIGN(const auto latest, claims.latest());
    if (!latest || !latest->held ||
        left != LeaseTicket{latest->number, latest->holder.nonce})
        return leaseIsOver(path,
                           latest && latest->held ? &latest->holder : nullptr);
    return *latest;
}

/// Renewed under another process's name. Where its end has come unnoticed and
/// somebody has just counted to it, they claim the next number, and this holder
/// finds out before it decides anything.
Result<std::unique_ptr<Lock>> goOnWithLease(const LockRequest &request,
                                            Storage &storage)
{
    Claims claims(storage, claimsFolder(request.path));
    MDIMAPPEND_ASSIGN(Claim mine,
                      claimThatWasLeft(*request.left, request.path, claims));
    ++mine.renewals;
    mine.holder = thisProcess(request.command);
    mine.holder.nonce = request.left->nonce;
    const auto renewed = leaseTime(request);
    MDIMAPPEND_RETURN_IF_ERROR(claims.rewrite(mine));
    auto lease = std::make_unique<Lease>(request, storage, mine, renewed);
    MDIMAPPEND_RETURN_IF_ERROR(lease->stillOurs());
    return std::unique_ptr<Lock>(std::move(lease));
}

}  // namespace

Status leaseIsOver(const std::string &path, const LockHolder *holder)
{
    return error(
        "the lease '" + path + "' of this transaction is over" +
        (holder ? ": it is held by " + holder->describe() : std::string()) +
        ". What was written for it is given up; nothing of it is in "
        "the target. Begin anew.");
}

Status checkLeft(const LeaseTicket &left, const std::string &path,
                 Storage &storage)
{
    Claims claims(storage, claimsFolder(path));
    return claimThatWasLeft(left, path, claims).takeStatus();
}

Result<std::unique_ptr<Lock>> acquireLease(const LockRequest &request,
                                           Storage &storage)
{
    if (request.left)
        return goOnWithLease(request, storage);
    Claims claims(storage, claimsFolder(request.path));
    LockWait wait(request);
    ClaimWatch watch(claims);
    while (true)
    {
        MDIMAPPEND_ASSIGN(auto kernel, kernelLockHolder(request.path));
        if (kernel)
        {
            MDIMAPPEND_RETURN_IF_ERROR(wait.pause(*kernel));
            continue;
        }
        MDIMAPPEND_ASSIGN(const auto latest, claims.latest());
        if (latest && latest->held)
        {
            MDIMAPPEND_ASSIGN(const bool isGone,
                              watch.isGone(*latest, leaseTime(request)));
            if (!isGone)
            {
                MDIMAPPEND_RETURN_IF_ERROR(
                    wait.pause(latest->holder, endOf(*latest)));
                continue;
            }
        }
        Claim mine;
        mine.number = latest ? latest->number + 1 : 1;
        mine.lease = request.lease;
        mine.holder = thisProcess(request.command);
        const auto claimed = leaseTime(request);
        MDIMAPPEND_ASSIGN(const bool created, claims.create(mine));
        if (!created)
            continue;
        std::unique_ptr<Lock> lease =
            std::make_unique<Lease>(request, storage, mine, claimed);
        // Who took the kernel's lock since has seen no claim, or waits for
        // this one's end.
        MDIMAPPEND_ASSIGN(kernel, kernelLockHolder(request.path));
        if (kernel)
            continue;
        // What is left of others only takes place.
        static_cast<void>(bool(claims.removeBefore(mine.number)));
        return lease;
    }
}

Result<bool> endLease(const std::string &path, Storage &storage)
{
    Claims claims(storage, claimsFolder(path));
    MDIMAPPEND_ASSIGN(const auto latest, claims.latest());
    if (!latest || !latest->held)
        return false;
    return claims.create(freeAfter(*latest));
}

}  // namespace mdimappend
