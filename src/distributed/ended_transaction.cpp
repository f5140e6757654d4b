// Looks for a transaction that is not open any more in the log, and in its
// decision.

#include "distributed/ended_transaction.h"

#include "journal/log.h"
#include "journal/record_paths.h"
#include "journal/records.h"

namespace mdimappend
{

Result<Json> committedRecord(Storage &storage, const Site &site,
                             const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    for (auto sequence = last; sequence > 0; --sequence)
    {
        MDIMAPPEND_ASSIGN(auto record, readLogRecord(storage, site, sequence));
        if (!record)
            break;
        const auto name = textMember(*record, "transaction");
        if (name == transaction)
            return std::move(*record);
        // Their names begin with numbers that grow.
        if (name < transaction)
            break;
    }
    return Json();
}

Result<bool> isDecided(Storage &storage, const Site &site,
                       const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto decision,
                      storage.state(decisionPath(site, transaction)));
    return decision.has_value();
}

Result<bool> isToBeFinished(Storage &storage, const Site &site,
                            const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto text,
                      storage.read(decisionPath(site, transaction)));
    if (!text)
        return false;
    const auto decision = parseDecision(*text);
    return decision && decision->commit;
}

Status sayHowItEnded(Status why, Storage &storage, const Site &site,
                     const std::string &transaction)
{
    const auto record = committedRecord(storage, site, transaction);
    if (record && record->is_object())
        return error("the transaction has been committed already");
    const auto decided = isToBeFinished(storage, site, transaction);
    if (decided && *decided)
        return error("the transaction has been decided: it will be in the "
                     "target. `commit`, or the next run, finishes it.");
    return why;
}

}  // namespace mdimappend
