// The claim of whoever holds an object store's lock: each of its puts replaces
// the version that the last one has left, so it is lost when one is refused.

#pragma once

#include "lock/lock_document.h"
#include "lock/lock_request.h"
#include "lock/renewed_lease.h"

namespace mdimappend
{

class ObjectClaim final : public HeldClaim, public Settlements
{
  public:
    /// `document`, `version`: as this process has put it; `before`: as it was.
    /// `seen` is given what this leaves at the end. `requests` and `seen` must
    /// outlive the claim.
    ObjectClaim(const std::string &path, ObjectRequests &requests,
                std::optional<SeenLock> &seen, LockDocument document,
                LockDocument before, std::string version);
    ~ObjectClaim() override;
    ObjectClaim(const ObjectClaim &) = delete;
    ObjectClaim &operator=(const ObjectClaim &) = delete;

    std::chrono::duration<double> lease() const override;
    Result<bool> renew() override;
    Status look() override;
    Status free() override;
    LeaseTicket ticket() const override;

    Settlements *settlements() override
    {
        return this;
    }

    std::string transactionName() const override;
    std::optional<std::vector<std::string>> unsettled() const override;
    void settledOthers(bool logIsAsBefore) override;
    void begun() override;
    void settled(const std::optional<LogEnd> &end) override;

    /// What the log ends with, if nothing is unsettled.
    std::optional<LogEnd> logEnd() const;

  private:
    LockDocument freeDocument() const;

    const std::string m_path;
    ObjectRequests &m_requests;
    std::optional<SeenLock> &m_seen;
    const LeaseTicket m_ticket;
    const std::string m_transaction;
    LockDocument m_document;
    LockDocument m_before;
    std::string m_version;
    bool m_othersSettled = false;
    bool m_ownSettled = true;
    bool m_freed = false;
};

}  // namespace mdimappend
