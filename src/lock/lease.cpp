// Taken by creating the next claim, once the highest one is free or over; then
// looked whether somebody has taken the kernel's lock meanwhile.

#include "lock/lease.h"

#include "lock/claims.h"
#include "lock/kernel_lock.h"
#include "lock/lock_trace.h"
#include "lock/lock_wait.h"
#include "lock/renewed_lease.h"

namespace mdimappend
{

namespace
{

using Seconds = std::chrono::duration<double>;

/// The highest claim of a folder, as long as nobody creates a higher one.
class ClaimInFolder final : public HeldClaim
{
  public:
    ClaimInFolder(const LockRequest &request, Storage &storage, Claim claim)
        : m_path(request.path), m_isShared(request.left.has_value()),
          m_claims(storage, claimsFolder(request.path)),
          m_ticket{claim.number, claim.holder.nonce}, m_claim(std::move(claim))
    {
    }

    Seconds lease() const override
    {
        return m_claim.lease;
    }

    Result<bool> renew() override
    {
        ++m_claim.renewals;
        MDIMAPPEND_RETURN_IF_ERROR(m_claims.rewrite(m_claim));
        // Whoever has claimed since is found by looking.
        return true;
    }

    Status look() override
    {
        MDIMAPPEND_ASSIGN(const auto latest, m_claims.latest());
        if (latest &&
            m_ticket == LeaseTicket{latest->number, latest->holder.nonce})
            return Status::ok();
        return tryAgain("the lease '" + m_path + "' was taken over" +
                        (latest && latest->held
                             ? " by " + latest->holder.describe()
                             : std::string(" by somebody else")));
    }

    Status free() override
    {
        MDIMAPPEND_RETURN_IF_ERROR(look());
        // Others who go on with it as well, and renew it, do not bring it back.
        if (m_isShared)
            return m_claims.create(freeAfter(m_claim)).takeStatus();
        m_claim.held = false;
        return m_claims.rewrite(m_claim);
    }

    void outliveProcess() override
    {
        // What whoever began it has said stays so.
        if (!m_isShared)
            m_claim.until.reset();
    }

    LeaseTicket ticket() const override
    {
        return m_ticket;
    }

  private:
    const std::string m_path;
    const bool m_isShared;
    Claims m_claims;
    const LeaseTicket m_ticket;
    Claim m_claim;
};

std::unique_ptr<Lock> holdClaim(const LockRequest &request, Storage &storage,
                                const Claim &claim, Seconds claimed)
{
    return std::make_unique<RenewedLease>(
        request, std::make_unique<ClaimInFolder>(request, storage, claim),
        claimed);
}

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
    auto lease = holdClaim(request, storage, mine, renewed);
    MDIMAPPEND_RETURN_IF_ERROR(lease->stillOurs());
    traceHolder(request.path, "the lease that was left is gone on with by",
                mine.holder);
    return lease;
}

/// Who is in the way: nobody, or somebody with the hint for a message.
struct InTheWay
{
    std::optional<LockHolder> holder;
    std::string hint;
};

Result<InTheWay> whoIsInTheWay(const LockRequest &request,
                               const std::optional<Claim> &latest,
                               ClaimWatch &watch)
{
    if (!latest || !latest->held)
        return InTheWay{};
    MDIMAPPEND_ASSIGN(const bool isGone,
                      watch.isGone(*latest, leaseTime(request)));
    if (!isGone)
        return InTheWay{latest->holder, endOf(*latest)};
    traceHolder(request.path, "the lease is over, and taken over: from",
                latest->holder);
    return InTheWay{};
}

Claim claimAfter(const std::optional<Claim> &latest, const LockRequest &request)
{
    Claim claim;
    claim.number = latest ? latest->number + 1 : 1;
    claim.lease = request.lease;
    claim.holder = thisProcess(request.command);
    claim.until = thisProcessIdentity();
    return claim;
}

}  // namespace

Result<std::unique_ptr<Lock>> acquireLease(const LockRequest &request,
                                           Storage &storage, Posix &posix)
{
    trace(request.path, "a lease is asked for");
    if (request.left)
        return goOnWithLease(request, storage);
    Claims claims(storage, claimsFolder(request.path));
    LockWait wait(request);
    ClaimWatch watch(claims);
    while (true)
    {
        MDIMAPPEND_ASSIGN(auto kernel, kernelLockHolder(request.path, posix));
        if (kernel)
        {
            MDIMAPPEND_RETURN_IF_ERROR(wait.pause(*kernel));
            continue;
        }
        MDIMAPPEND_ASSIGN(const auto latest, claims.latest());
        MDIMAPPEND_ASSIGN(const auto other,
                          whoIsInTheWay(request, latest, watch));
        if (other.holder)
        {
            MDIMAPPEND_RETURN_IF_ERROR(wait.pause(*other.holder, other.hint));
            continue;
        }
        const Claim mine = claimAfter(latest, request);
        const auto claimed = leaseTime(request);
        MDIMAPPEND_ASSIGN(const bool created, claims.create(mine));
        if (!created)
            continue;
        auto lease = holdClaim(request, storage, mine, claimed);
        // Who took the kernel's lock since has seen no claim, or waits for
        // this one's end.
        MDIMAPPEND_ASSIGN(kernel, kernelLockHolder(request.path, posix));
        if (kernel)
            continue;
        claims.removeBefore(mine.number)
            .ignore("what is left of others' claims only takes place");
        traceHolder(request.path, "the lease is taken by", mine.holder);
        return lease;
    }
}

Status checkLeft(const LeaseTicket &left, const std::string &path,
                 Storage &storage)
{
    Claims claims(storage, claimsFolder(path));
    return claimThatWasLeft(left, path, claims).takeStatus();
}

Result<bool> endLease(const std::string &path, Storage &storage)
{
    Claims claims(storage, claimsFolder(path));
    MDIMAPPEND_ASSIGN(const auto latest, claims.latest());
    if (!latest || !latest->held)
        return false;
    traceHolder(path, "the lease is ended by hand: of", latest->holder);
    return claims.create(freeAfter(*latest));
}

}  // namespace mdimappend
