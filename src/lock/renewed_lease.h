// A lease while it is held: a thread renews it every third of its time, a clock
// ends it, and whoever holds it can ask whether it is still theirs. How a claim
// is kept is another's: files in a folder (lease.cpp), or the document of an
// object store's lock (object_claim.h).

#pragma once

#include "lock/held_here.h"
#include "lock/lock_request.h"
#include "mutex.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <thread>

namespace mdimappend
{

/// A claim that this process holds. No two of its functions are called at once,
/// but for `look`, `ticket`, and `settlements`.
class HeldClaim
{
  public:
    virtual ~HeldClaim() = default;

    /// How long it lasts after each renewal.
    virtual std::chrono::duration<double> lease() const = 0;

    /// Writes it anew; false if it is found to be another's. After a failure it
    /// is tried again.
    virtual Result<bool> renew() = 0;

    /// From the next renewal on it does not end with this process.
    virtual void outliveProcess()
    {
    }

    /// Fails if somebody else has it now.
    virtual Status look() = 0;

    /// Ends it for others, if it is still ours.
    virtual Status free() = 0;

    virtual LeaseTicket ticket() const = 0;

    /// Null if it keeps none.
    virtual Settlements *settlements()
    {
        return nullptr;
    }
};

class RenewedLease final : public Lock, public Lease
{
  public:
    using Seconds = std::chrono::duration<double>;

    /// `renewed`: the moment before the claim was written, by the request's
    /// clock.
    RenewedLease(const LockRequest &request, std::unique_ptr<HeldClaim> claim,
                 Seconds renewed);
    ~RenewedLease() override;
    RenewedLease(const RenewedLease &) = delete;
    RenewedLease &operator=(const RenewedLease &) = delete;

    Status stillOurs() override;

    Lease *lease() override
    {
        return this;
    }

    Settlements *settlements() override
    {
        return m_kept->claim->settlements();
    }

    Seconds timeLeft() const override;
    Result<LeaseTicket> leave(LeftUntil until) override;
    void freeAtEnd() override;

  private:
    /// What the thread uses. A forked child, in which there is no such thread,
    /// finds it in whatever state that was, and leaves it alone.
    struct Kept
    {
        explicit Kept(std::unique_ptr<HeldClaim> held) : claim(std::move(held))
        {
        }

        Mutex mutex;
        std::condition_variable wake;
        bool ended MDIMAPPEND_GUARDED_BY(mutex) = false;
        const std::unique_ptr<HeldClaim> claim;
        std::thread renewing;
    };

    void keepRenewing();
    Status renew() MDIMAPPEND_REQUIRES(m_kept->mutex);

    const LockRequest m_request;
    const TakenBy m_takenBy;
    const Seconds m_lease;
    /// By the request's clock, in seconds.
    std::atomic<double> m_renewed;
    std::atomic<bool> m_lost = false;
    /// Whether it stays held when this object goes.
    bool m_isLeft;
    std::unique_ptr<Kept> m_kept;
};

/// Of a lease that was left; `holder`: whose it is now, or null.
Status leaseIsOver(const std::string &path, const LockHolder *holder);

}  // namespace mdimappend
