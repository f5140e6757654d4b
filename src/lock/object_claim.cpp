// Renewing and freeing put the document under the condition that it is still
// this holder's; freeing it tells the next holder what is left to be settled.

#include "lock/object_claim.h"

namespace mdimappend
{

ObjectClaim::ObjectClaim(const std::string &path, ObjectRequests &requests,
                         std::optional<SeenLock> &seen, LockDocument document,
                         LockDocument before, std::string version)
    : m_path(path), m_requests(requests), m_seen(seen),
      m_ticket{document.count, document.holder.nonce},
      m_transaction(transactionOf(document)), m_document(std::move(document)),
      m_before(std::move(before)), m_version(std::move(version))
{
}

ObjectClaim::~ObjectClaim()
{
    // Whatever was seen while it was held is not so any more.
    if (!m_freed)
        m_seen.reset();
}

std::chrono::duration<double> ObjectClaim::lease() const
{
    return m_document.lease;
}

Result<bool> ObjectClaim::renew()
{
    ++m_document.renewals;
    MDIMAPPEND_ASSIGN(auto version,
                      putObjectLock(m_requests, m_path, m_document,
                                    PutCondition::same(m_version)));
    if (version)
        m_version = std::move(*version);
    return version.has_value();
}

Status ObjectClaim::look()
{
    MDIMAPPEND_ASSIGN(const auto present, readObjectLock(m_requests, m_path));
    const bool held = present.exists && present.document.held;
    if (held && present.document.holder.nonce == m_ticket.nonce)
        return Status::ok();
    return tryAgain("the lock '" + m_path + "' was taken over" +
                    (held ? " by " + present.document.holder.describe()
                          : std::string(" by somebody else")));
}

Status ObjectClaim::free()
{
    LockDocument document = freeDocument();
    MDIMAPPEND_ASSIGN(auto version,
                      putObjectLock(m_requests, m_path, document,
                                    PutCondition::same(m_version)));
    if (!version)
        return error("the lock '" + m_path + "' is somebody else's");
    m_seen = SeenLock{true, std::move(document), std::move(*version), {}, true};
    m_freed = true;
    return Status::ok();
}

LeaseTicket ObjectClaim::ticket() const
{
    return m_ticket;
}

std::string ObjectClaim::transactionName() const
{
    return m_transaction;
}

std::optional<std::vector<std::string>> ObjectClaim::unsettled() const
{
    if (!m_before.complete)
        return std::nullopt;
    return m_before.unsettled;
}

void ObjectClaim::settledOthers(bool logIsAsBefore)
{
    m_othersSettled = true;
    if (!logIsAsBefore)
        m_before.logEnd.reset();
}

void ObjectClaim::begun()
{
    m_ownSettled = false;
}

void ObjectClaim::settled(const std::optional<LogEnd> &end)
{
    m_ownSettled = true;
    if (end)
        m_before.logEnd = end;
}

std::optional<LogEnd> ObjectClaim::logEnd() const
{
    return m_before.complete && m_before.unsettled.empty() ? m_before.logEnd
                                                           : std::nullopt;
}

LockDocument ObjectClaim::freeDocument() const
{
    LockDocument document = m_document;
    document.held = false;
    document.unsettled.clear();
    if (!m_othersSettled)
        document.unsettled = m_before.unsettled;
    document.complete = m_othersSettled || m_before.complete;
    if (!m_ownSettled)
        document.unsettled.push_back(m_transaction);
    if (document.complete && document.unsettled.empty())
        document.logEnd = m_before.logEnd;
    return document;
}

}  // namespace mdimappend
