// Waits for a moment in which no append is half applied.

#include "transaction/readable.h"

#include "journal/log.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <algorithm>
#include <thread>

namespace mdimappend
{

namespace
{

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds betweenLooks(20);

bool isHalfApplied(const PendingTransaction &transaction)
{
    using State = PendingTransaction::State;
    return transaction.state == State::Decided ||
           transaction.state == State::Damaged;
}

struct Sighting
{
    ReadableTarget target{};
    std::string halfApplied{};  ///< the transaction's name, "" if there is none
    LockState lock{};
};

Result<Sighting> lookAt(const std::string &target, const std::string &group)
{
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(target, group));
    Sighting look;
    look.target.site = reader.site;
    MDIMAPPEND_ASSIGN(look.lock, reader.peekLock());
    MDIMAPPEND_ASSIGN(
        const auto transactions,
        pending(*reader.storage, reader.site, look.lock.unsettled));
    const auto found =
        std::find_if(transactions.begin(), transactions.end(), isHalfApplied);
    if (found != transactions.end())
        look.halfApplied = found->transaction;
    MDIMAPPEND_ASSIGN(look.target.appends,
                      lastSequence(*reader.storage, reader.site));
    return look;
}

}  // namespace

Result<ReadableTarget> waitUntilReadable(const std::string &target,
                                         const std::string &group,
                                         Clock::time_point deadline)
{
    while (true)
    {
        MDIMAPPEND_ASSIGN(Sighting look, lookAt(target, group));
        if (look.halfApplied.empty())
        {
            if (!look.target.site.exists)
                return error("target '" + target + "' does not exist");
            return std::move(look.target);
        }
        if (!look.lock.held)
        {
            // Its writer may have finished it, and gone, between the looks at
            // the lock and at the journal.
            MDIMAPPEND_ASSIGN(const Sighting again, lookAt(target, group));
            if (again.halfApplied == look.halfApplied && !again.lock.held)
                return Status(
                    Failure::Conflict,
                    "target '" + target + "': the append " + look.halfApplied +
                        " was interrupted after its commit was decided, and "
                        "may be only partly applied. `gdal driver mdimappend "
                        "recover` (or the next append) finishes it. Nothing "
                        "was changed.");
        }
        else if (Clock::now() >= deadline)
            return Status(Failure::Locked,
                          "target '" + target +
                              "': an append is being applied "
                              "by " +
                              look.lock.holder.describe() +
                              "; try again, or see `gdal driver mdimappend "
                              "recover` if it never ends.");
        std::this_thread::sleep_for(betweenLooks);
    }
}

}  // namespace mdimappend
