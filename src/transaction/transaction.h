// One append as a transaction. Its steps (docs/protocol.md), and who takes
// them:
//
//    1 open and wait for the slice, without the lock       (append/)
//    2 lock                                                (append/)
//    3 recovery                                            (recovery.h)
//    4 read the target's documents fresh                   (append/)
//    5 guards                                              (append/)
//    6 plan, barrier                                       begin()
//    7 chunks through the view                             view()
//    8 manifest                                            commit()
//    9 barrier: chunks, stage, manifest
//   10 lock still ours? documents still the base? slice unchanged? then the
//      decision `commit`, created once
//   11 apply: chunks, barrier, documents, barrier          (redo.h)
//   12 log record (durable by itself), journal removed
//
// Where a new store is made in place of an old one (overwrite.h), all chunks
// and documents go to a folder of the sidecar before step 9, and step 11 is one
// exchange of two folders.
//
// What the states between the steps are, who may do what in each, and the
// invariants P1 to P11: protocol.h.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "lock/lock.h"
#include "status.h"
#include "storage/read_objects.h"
#include "storage/storage.h"
#include "transaction/intent.h"
#include "transaction/protocol.h"
#include "transaction/view.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mdimappend
{

/// The name that the next transaction of a site will have, which is also where
/// it overwrites (Site::overwriting).
Result<std::string> nextTransaction(Storage &storage, const Site &site);

class Transaction
{
  public:
    /// Steps 6. On failure nothing has been written to the store. `name`: of
    /// one whose parts are in the stage already (distributed/); it stays open
    /// for another attempt when it fails before the decision.
    static Result<std::unique_ptr<Transaction>>
    begin(const Site &site, Storage &storage, Lock &lock, Durability durability,
          Intent intent, const std::string &name = "");

    /// The same for another slice of a batch, before its first write: its new
    /// chunks are added to the plan, durably, and its documents take the place
    /// of those intended so far.
    Status extend(Intent intent);

    View &view()
    {
        return *m_view;
    }

    const std::string &name() const
    {
        return m_plan.transaction;
    }

    std::uint64_t sequence() const
    {
        return m_plan.sequence;
    }

    /// Steps 8 to 12. `logRecord` is the append's part of the log record;
    /// `sliceUnchanged` is asked right before the decision. On
    /// failure before the decision the append has been undone; on
    /// Failure::Unknown the next writer decides; a failure after the decision
    /// says that the next writer finishes.
    Status commit(Json logRecord,
                  const std::function<Status()> &sliceUnchanged);

    /// As it was written, after the commit.
    const Json &logRecord() const
    {
        return m_manifest.logRecord;
    }

    /// The objects of the store that the commit has put in others' places, with
    /// their versions.
    ObjectVersions replaced() const;

    /// The chunks among them, with what they hold.
    std::vector<KnownObject> replacedChunks() const;

    /// Undoes a transaction that has not been committed.
    Status undo();

    /// What failed, and that it could not be undone. A writer that has lost its
    /// lock leaves nothing that readers see: Failure::TryAgain then, whatever
    /// it has noticed first.
    static Status undoneLater(const Status &why, const Status &undone);

  private:
    Transaction(const Site &site, Storage &storage, Lock &lock,
                Durability durability, Intent intent)
        : m_site(site), m_storage(storage), m_lock(lock),
          m_durability(durability), m_protocol(Protocol::of(m_storage, m_site)),
          m_intent(std::move(intent))
    {
    }

    Status writePlan();
    Status discard(Status planned);
    Status prepare(const std::function<Status()> &sliceUnchanged,
                   Decision &decision);
    Status decideToCommit(const Decision &decision);
    Status giveUp(Status prepared);
    Status apply();
    void settled(const std::optional<LogEnd> &end);

    Site m_site;
    Storage &m_storage;
    Lock &m_lock;
    Durability m_durability;
    std::unique_ptr<Protocol> m_protocol;
    Intent m_intent;
    Json m_logRecord;
    /// The creation of `commit` (P5): it may be carried out late.
    bool m_attempted = false;
    bool m_staysOpen = false;
    Plan m_plan;
    Manifest m_manifest;
    std::unique_ptr<View> m_view;
};

}  // namespace mdimappend
