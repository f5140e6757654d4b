// What any writer does first, with the lock in hand: finish what an earlier one
// decided, undo what it did not.

#pragma once

#include "journal/site.h"
#include "lock/lock.h"
#include "status.h"
#include "storage/storage.h"

#include <string>
#include <vector>

namespace mdimappend
{

struct RecoveryReport
{
    std::vector<std::string> undone;
    std::vector<std::string> redone;
    std::vector<std::string> tidied;

    bool nothing() const
    {
        return undone.empty() && redone.empty() && tidied.empty();
    }
};

/// Failure::Conflict where a state is neither base nor new: frozen, until
/// `setAside`. Under a lease, what was left by a writer with the kernel's lock
/// is refused: its undo deletes at keys of the store.
Result<RecoveryReport> recover(Storage &storage, const Site &site, Lock &lock);

/// A transaction that has not been finished.
struct PendingTransaction
{
    enum class State
    {
        Planned,   ///< the next writer undoes it
        Decided,   ///< the next writer finishes it
        Aborted,   ///< the next writer finishes its undo
        Finished,  ///< only tidying is left
        Damaged
    };
    std::string transaction;
    State state = State::Planned;
};

/// What recovery would find, without a lock and without changing anything.
Result<std::vector<PendingTransaction>> pending(Storage &storage,
                                                const Site &site);

/// Moves the journals and stages (and stores that were to replace this one, or
/// were replaced by it) of all unfinished transactions to
/// `<sidecar>/set-aside/`, so that appending can go on with the store as it is.
/// For a human who has looked at a conflict. The names moved.
Result<std::vector<std::string>> setAside(Storage &storage, const Site &site);

}  // namespace mdimappend
