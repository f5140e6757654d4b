// Commits or gives up a transaction of parts, also where somebody has begun to
// before and was killed.

#include "distributed/end.h"

#include "distributed/commit_open.h"
#include "distributed/ended_transaction.h"
#include "distributed/open_part.h"
#include "distributed/renewal.h"
#include "journal/record_paths.h"
#include "transaction/protocol.h"
#include "transaction/recovery.h"

namespace mdimappend
{

namespace
{

/// Whether somebody has ended it, and may have been killed while they did.
Result<bool> hasEnded(OpenPart &open, const std::string &transaction)
{
    auto &storage = *open.writer.storage;
    const auto &site = open.writer.site;
    MDIMAPPEND_ASSIGN(const bool decided,
                      isDecided(storage, site, transaction));
    if (decided)
        return true;
    MDIMAPPEND_ASSIGN(const auto session,
                      storage.state(sessionPath(site, transaction)));
    if (!session)
        return true;
    MDIMAPPEND_ASSIGN(const Json record,
                      committedRecord(storage, site, transaction));
    return record.is_object();
}

/// Does what they have left to do, and ends the lease. Returns the log record,
/// or null if the transaction was given up.
Result<Json> finishEnd(OpenPart &open, const std::string &transaction)
{
    auto &lock = *open.writer.lock;
    // What cannot be done here is for the next writer.
    freeLeaseAtEnd(lock);
    MDIMAPPEND_RETURN_IF_ERROR(
        recover(*open.writer.storage, open.writer.site, lock, true).status());
    if (auto *settlements = lock.settlements())
        settlements->settled(std::nullopt);
    return committedRecord(*open.writer.storage, open.writer.site, transaction);
}

/// Where the lease is over: the log record of what is done, or decided, or
/// null.
Result<Json> finishLate(const Token &token, const AppendOptions &options)
{
    MDIMAPPEND_ASSIGN(const Writer there, openToLook(token, options));
    auto &storage = *there.storage;
    MDIMAPPEND_ASSIGN(Json record,
                      committedRecord(storage, there.site, token.transaction));
    if (record.is_object() || options.dryRun)
        return record;
    MDIMAPPEND_ASSIGN(const bool decided,
                      isToBeFinished(storage, there.site, token.transaction));
    if (!decided)
        return record;
    MDIMAPPEND_ASSIGN(OpenPart open, openToFinish(token, options));
    return finishEnd(open, token.transaction);
}

Result<CommitReport> commitOrFinish(const Token &token,
                                    const std::vector<Receipt> &receipts,
                                    const AppendOptions &options,
                                    std::shared_ptr<Storage> &attending)
{
    auto opened = openToEnd(token, options);
    if (!opened)
    {
        MDIMAPPEND_ASSIGN(const Json record, finishLate(token, options));
        if (record.is_object())
            return reportOf(record);
        return opened.takeStatus();
    }
    MDIMAPPEND_ASSIGN(const bool ended, hasEnded(*opened, token.transaction));
    if (ended && options.dryRun)
        return error("the transaction has ended already. Without --dry-run, "
                     "`commit` says how, and finishes what is left to do.");
    if (ended)
    {
        MDIMAPPEND_ASSIGN(const Json record,
                          finishEnd(*opened, token.transaction));
        if (!record.is_object())
            return error(
                "the transaction has already been given up. Begin again.");
        return reportOf(record);
    }
    MDIMAPPEND_RETURN_IF_ERROR(readSession(*opened, token, options));
    return commitOpen(token, *opened, receipts, options, attending);
}

}  // namespace

Result<CommitReport> commitParts(const Token &token,
                                 const std::vector<Receipt> &receipts,
                                 const AppendOptions &options)
{
    // The commit renews the lease by itself.
    auto attending = stopRenewing(token.transaction);
    auto report = commitOrFinish(token, receipts, options, attending);
    // What was missing may be brought.
    if (attending && (!report || options.dryRun))
        keepRenewing(token, options, attending);
    return report;
}

Status abortParts(const Token &token, const AppendOptions &options)
{
    const auto committed = error(
        "the transaction has been committed: it can no longer be aborted.");
    stopRenewing(token.transaction);
    MDIMAPPEND_ASSIGN(OpenPart open, openToEnd(token, options));
    auto &storage = *open.writer.storage;
    const auto &site = open.writer.site;
    MDIMAPPEND_ASSIGN(const bool ended, hasEnded(open, token.transaction));
    if (!ended)
        MDIMAPPEND_RETURN_IF_ERROR(
            decide(storage, site, token.transaction, Decision{false, {}})
                .status());
    MDIMAPPEND_ASSIGN(const Json record, finishEnd(open, token.transaction));
    return record.is_object() ? committed : Status::ok();
}

}  // namespace mdimappend
