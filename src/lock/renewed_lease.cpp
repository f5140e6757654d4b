// Who holds a lease counts from the moment before each renewal, so that it is
// over for them no later than for anybody who watches it. One that ran out is
// not renewed: somebody else may have counted to its end.

#include "lock/renewed_lease.h"

#include "lock/lock_trace.h"

#include <cpl_conv.h>
#include <cpl_string.h>

namespace mdimappend
{

RenewedLease::RenewedLease(const LockRequest &request,
                           std::unique_ptr<HeldClaim> claim, Seconds renewed)
    : m_request(request), m_lease(claim->lease()), m_renewed(renewed.count()),
      m_isLeft(request.left.has_value()),
      m_kept(std::make_unique<Kept>(std::move(claim)))
{
    // Settings of the calling thread (credentials, CPL_DEBUG) are the lease's.
    m_kept->renewing = std::thread(
        [this, settings = CPLStringList(CPLGetThreadLocalConfigOptions())]
        {
            CPLSetThreadLocalConfigOptions(settings.List());
            keepRenewing();
        });
}

RenewedLease::~RenewedLease()
{
    if (!m_takenBy.isThisProcess())
    {
        // Never freed: a mutex that is held, a thread that is not there.
        [[maybe_unused]] const auto *leaked = m_kept.release();
        return;
    }
    {
        const MutexLock lock(m_kept->mutex);
        m_kept->ended = true;
    }
    m_kept->wake.notify_all();
    m_kept->renewing.join();
    if (m_isLeft)
    {
        trace(m_request.path, "the lease is left held");
        return;
    }
    if (timeLeft() <= Seconds(0))
        return;
    const auto freed = m_kept->claim->free();
    if (freed)
        trace(m_request.path, "the lease is freed");
    freed.ignore("a lease ends by itself");
}

RenewedLease::Seconds RenewedLease::timeLeft() const
{
    if (m_lost || !m_takenBy.isThisProcess())
        return Seconds(0);
    return m_lease - (leaseTime(m_request) - Seconds(m_renewed));
}

Status RenewedLease::stillOurs()
{
    MDIMAPPEND_RETURN_IF_ERROR(m_takenBy.check(m_request.path));
    if (auto found = m_kept->claim->look(); !found)
    {
        trace(m_request.path, "the lease is lost: ", found.message());
        return found;
    }
    if (timeLeft() > Seconds(0))
        return Status::ok();
    trace(m_request.path, "the lease ran out");
    return tryAgain("the lease '" + m_request.path +
                    "' ran out: it could not be renewed in time");
}

Result<LeaseTicket> RenewedLease::leave(LeftUntil until)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_takenBy.check(m_request.path));
    {
        const MutexLock lock(m_kept->mutex);
        if (until == LeftUntil::Time)
            m_kept->claim->outliveProcess();
        MDIMAPPEND_RETURN_IF_ERROR(renew());
    }
    MDIMAPPEND_RETURN_IF_ERROR(stillOurs());
    m_isLeft = true;
    return m_kept->claim->ticket();
}

void RenewedLease::freeAtEnd()
{
    m_isLeft = false;
}

void RenewedLease::keepRenewing()
{
    using Clock = std::chrono::steady_clock;
    const auto pause = std::chrono::duration_cast<Clock::duration>(m_lease / 3);
    MutexLock lock(m_kept->mutex);
    auto next = Clock::now() + pause;
    while (!m_kept->ended)
    {
        if (m_kept->wake.wait_until(lock.native(), next) !=
            std::cv_status::timeout)
            continue;
        if (!m_kept->ended)
            renew().ignore("it is tried again until the lease is over");
        next = Clock::now() + pause;
    }
}

/// Of a lease that is over or lost nothing is renewed: `stillOurs` says so.
Status RenewedLease::renew()
{
    const auto now = leaseTime(m_request);
    if (m_lost || now - Seconds(m_renewed) >= m_lease)
        return Status::ok();
    MDIMAPPEND_ASSIGN(const bool renewed, m_kept->claim->renew());
    if (renewed)
        m_renewed = now.count();
    else
        m_lost = true;
    trace(m_request.path,
          renewed ? "the lease is renewed" : "the lease is lost: taken over");
    return Status::ok();
}

Status leaseIsOver(const std::string &path, const LockHolder *holder)
{
    return error(
        "the lease '" + path + "' of this transaction is over" +
        (holder ? ": it is held by " + holder->describe() : std::string()) +
        ". What was written for it is given up; none of it is in the target. "
        "Begin again.");
}

}  // namespace mdimappend
