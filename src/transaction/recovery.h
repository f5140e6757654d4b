// What any writer does first, with the lock in hand: finish what an earlier one
// decided, undo what it did not (docs/protocol.md; protocol.h has the states).

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
/// `thorough`: journals are looked for also where the lock says which there
/// are; a late writer may have left more, which is in nobody's way.
Result<RecoveryReport> recover(Storage &storage, const Site &site, Lock &lock,
                               bool thorough = false);

/// A transaction that has not been finished.
struct PendingTransaction
{
    enum class State
    {
        Open,      ///< parts of it are written, while its lease lasts
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
/// `unsettled`: what an object store's lock says of it.
Result<std::vector<PendingTransaction>>
pending(Storage &storage, const Site &site,
        const std::vector<std::string> &unsettled = {});

/// Moves the journals and stages (and stores that were to replace this one, or
/// were replaced by it) of all unfinished transactions to
/// `<sidecar>/set-aside/`, so that appending can go on with the store as it is.
/// For a human who has looked at a conflict. The names moved.
Result<std::vector<std::string>> setAside(Storage &storage, const Site &site);

}  // namespace mdimappend
