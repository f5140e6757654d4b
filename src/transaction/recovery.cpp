// Recovery of all transactions of a store: which there are, in which order they
// are settled, and what is left beside their journals.

#include "transaction/recovery.h"

#include "journal/log.h"
#include "storage/versioned_storage.h"
#include "trace.h"
#include "transaction/protocol.h"
#include "transaction/recovery_by_conditions.h"
#include "transaction/recovery_by_renames.h"

#include <set>

namespace mdimappend
{

std::unique_ptr<RecoverySteps> RecoverySteps::of(Storage &storage,
                                                 const Site &site)
{
    if (auto *versions = storage.versions())
        return std::make_unique<RecoveryByConditions>(*versions, site);
    return std::make_unique<RecoveryByRenames>(*storage.folders(), site);
}

Status RecoverySteps::checkFollows(const std::string &transaction,
                                   const Manifest &manifest, bool isRecordTorn)
{
    MDIMAPPEND_ASSIGN(auto last, lastSequence(m_anyStorage, m_site));
    if (isRecordTorn && last > 0)
        --last;
    if (manifest.transaction == transaction && manifest.sequence == last + 1)
        return Status::ok();
    return damaged(transaction, "its sequence number is " +
                                    std::to_string(manifest.sequence) +
                                    ", and the last one logged is " +
                                    std::to_string(last));
}

Status RecoverySteps::damaged(const std::string &transaction,
                              const std::string &why)
{
    trace(transaction, "recovery: the journal cannot be followed: ", why);
    return {Failure::Conflict,
            "the journal '" + m_site.journal(transaction) +
                "' cannot be followed: " + why +
                ". Nothing was changed, and nothing will be. Look at it; then "
                "`gdal driver mdimappend recover --set-aside` lets appending "
                "go on with the store as it is"};
}

namespace
{

/// A stage or a store without a journal: its tidying was interrupted (P9), or
/// its plan never became durable (P2).
Status tidyWithoutJournal(Storage &storage, const Site &site, Lock &lock)
{
    std::vector<std::string> kinds = {"/stage"};
    if (storage.folders())
        kinds.emplace_back("/overwrite");
    for (const auto &kind : kinds)
    {
        MDIMAPPEND_ASSIGN(const auto left,
                          storage.listFilled(site.sidecar() + kind));
        for (const auto &transaction : left)
        {
            MDIMAPPEND_RETURN_IF_ERROR(lock.stillOurs());
            trace(transaction, "recovery: lies in '", kind,
                  "' without a journal");
            MDIMAPPEND_RETURN_IF_ERROR(tidy(storage, site, transaction));
        }
    }
    return Status::ok();
}

}  // namespace

Result<RecoveryReport> recover(Storage &storage, const Site &site, Lock &lock,
                               bool thorough)
{
    const auto steps = RecoverySteps::of(storage, site);
    auto *settlements = lock.settlements();
    const auto unsettled =
        settlements ? settlements->unsettled() : std::nullopt;
    const bool knowsAll = unsettled && !thorough;
    std::set<std::string> transactions;
    if (unsettled)
        transactions.insert(unsettled->begin(), unsettled->end());
    if (!knowsAll)
    {
        MDIMAPPEND_ASSIGN(const auto names,
                          storage.listFilled(site.journals()));
        transactions.insert(names.begin(), names.end());
    }
    for (const auto &transaction : transactions)
    {
        if (auto done = steps->settle(transaction, lock); !done)
            return std::move(done).prefixed("recovery of " + transaction);
    }
    if (settlements)
        settlements->settledOthers(transactions.empty());
    auto *versions = storage.versions();
    if (versions && !transactions.empty())
        versions->forget();
    if (!knowsAll)
        MDIMAPPEND_RETURN_IF_ERROR(tidyWithoutJournal(storage, site, lock));
    return std::move(steps->report);
}

Result<std::vector<PendingTransaction>>
pending(Storage &storage, const Site &site,
        const std::vector<std::string> &unsettled)
{
    const auto steps = RecoverySteps::of(storage, site);
    MDIMAPPEND_ASSIGN(const auto transactions, steps->unfinished(unsettled));
    std::vector<PendingTransaction> found;
    for (const auto &transaction : transactions)
    {
        MDIMAPPEND_ASSIGN(const auto state, steps->stateOf(transaction));
        found.push_back({transaction, state});
    }
    return found;
}

Result<std::vector<std::string>> setAside(Storage &storage, const Site &site)
{
    const auto steps = RecoverySteps::of(storage, site);
    std::vector<std::string> moved;
    for (const char *kind : {"journal", "stage", "overwrite"})
    {
        const auto from = site.sidecar() + "/" + kind;
        MDIMAPPEND_ASSIGN(const auto transactions, storage.listFilled(from));
        for (const auto &transaction : transactions)
        {
            MDIMAPPEND_ASSIGN(
                const bool any,
                steps->setAside(from + "/" + transaction,
                                site.setAside(transaction) + "/" + kind));
            trace(transaction, "set aside: ", kind);
            if (any && std::string_view(kind) == "journal")
                moved.push_back(transaction);
        }
    }
    MDIMAPPEND_RETURN_IF_ERROR(storage.barrier());
    return moved;
}

}  // namespace mdimappend
