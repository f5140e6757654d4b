// The steps that a transaction and its recovery share: undo and redo, each
// idempotent, safe to interrupt anywhere and to repeat by another process that
// holds the lock.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"
#include "transaction/known_contents.h"

#include <string>

namespace mdimappend
{

/// The paths of a transaction's records.
std::string planPath(const Site &site, const std::string &transaction);
std::string manifestPath(const Site &site, const std::string &transaction);
std::string decisionPath(const Site &site, const std::string &transaction);

/// What the parts of a transaction need to know that several processes write;
/// its folder also has coordinates for them (distributed/session.h).
std::string sessionPath(const Site &site, const std::string &transaction);

/// A decision `abort` that is written with the plan, so that undoing needs no
/// space on a full disk.
std::string abortPath(const Site &site, const std::string &transaction);

/// Writes a record so that it is there whole or not at all.
Status writeRecord(Storage &storage, const std::string &path,
                   const std::string &text);

/// The same for one that is there already: even a power cut leaves the old one
/// or the new one whole.
Status replaceRecord(Storage &storage, const std::string &path,
                     const std::string &text);

/// Creates the decision; what is decided now, which may be another's word.
Result<Decision> decide(Storage &storage, const Site &site,
                        const std::string &transaction,
                        const Decision &decision);

/// The state is neither base nor new. Says what to do.
Status conflict(const std::string &what);

/// After a reboot, what was never synced may be lost (--durability process).
Status verifyPuts(Storage &storage, const Site &site, const Manifest &manifest);

/// Deletes what the plan's transaction may have added. Requires each document
/// to be its base (Failure::Conflict otherwise; nothing is deleted then). Of an
/// overwrite: the new store, whatever became of the old one. Under a lease
/// nothing was added, so there is nothing to do.
Status undo(Storage &storage, const Site &site, const Plan &plan);

/// Moves what the manifest lists into place, and logs it. Requires each
/// document and replaced chunk to be its base or already new
/// (Failure::Conflict otherwise; nothing is moved then). Of an overwrite:
/// exchanges the stores. `known`: what need not be read again.
Status redo(Storage &storage, const Site &site, const Manifest &manifest,
            const KnownContents &known = {});

/// Removes a finished transaction's old store, stage and journal, the decision
/// last: what is left of an interrupted tidying is known to be finished.
/// `keepsDecision`: all but that.
Status tidy(Storage &storage, const Site &site, const std::string &transaction,
            bool keepsDecision = false);

/// The same by whoever has just committed it and knows what there is.
Status tidyCommitted(Storage &storage, const Site &site,
                     const Manifest &manifest);

/// Whether the log has this transaction. Whatever else a power cut has left of
/// a journal that was being tidied, it is done then.
Result<bool> isLogged(Storage &storage, const Site &site,
                      const std::string &transaction, std::uint64_t sequence);

/// Of a plan or a manifest.
template <class Record>
Result<bool> isLogged(Storage &storage, const Site &site, const Record &record)
{
    return isLogged(storage, site, record.transaction, record.sequence);
}

/// The running system's boot id, "" where there is none.
std::string bootId();

}  // namespace mdimappend
