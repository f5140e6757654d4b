// A batch: the slices that one commit brings, usually one, with
// --slices-per-commit several. It holds the lock from the first slice to the
// commit, and is one transaction (transaction/transaction.h), which begins when
// the first chunk has to be written.
//
//   state      transaction   slices that wait for the commit   undone()
//   planning   none          none                              no
//   writing    there         one or more                       no
//   undone     undone        as they were                      yes
//
//   planning -> planning   plan() refuses; add() has nothing to write, or only
//                          reports what it would (--dry-run)
//   planning -> writing    add() has written the first slice's chunks
//   writing  -> writing    add() has written another's
//   either   -> undone     add() could not write a slice's chunks; undo(); the
//                          log record could not be made
//
// commit() ends a batch that is planning (there is nothing to commit) or
// writing. Each plan is made for the cube as the slices before leave it.

#pragma once

#include "append/batch_member.h"
#include "append/kept_cube.h"
#include "append/known_slices.h"
#include "append/offer.h"
#include "append/report.h"
#include "cube/open_target.h"
#include "cube/varying_arrays.h"
#include "settings/options.h"
#include "status.h"
#include "transaction/recovery.h"
#include "transaction/transaction.h"
#include "transaction/writer.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mdimappend
{

class Batch
{
  public:
    /// How a batch is begun.
    struct Opening
    {
        /// Of a run with --overwrite, which makes a new target in place of the
        /// one that is there, only the first one does.
        bool mayOverwrite = true;
        /// Without the lock, if it can be: there may be nothing to write.
        bool looksFirst = false;
        std::string appendDim{};
        /// Below the run's group, those that the slices are about.
        std::vector<std::string> groups = {""};
    };

    /// Takes the lock, recovers (into `recovered`) and reads the target. With
    /// --dry-run nothing is locked, recovered or written. Whoever may not take
    /// the lock only looks. What the run keeps of the target from one batch to
    /// the next outlives it.
    static Result<std::unique_ptr<Batch>>
    open(const AppendOptions &options, const WriterRequest &place,
         KeptTarget &kept, RecoveryReport &recovered, const Opening &opening);

    /// Whether it has the target without the lock: before something is written
    /// `lock` is needed, and what is said of the target is to be `confirmed`.
    bool onlyLooks() const
    {
        return m_open.look.has_value();
    }

    /// Whether what was read holds: nobody has written meanwhile.
    Result<bool> confirmed();

    /// Takes the lock and recovers. False if something was written since the
    /// target was read: then it has been read again.
    Result<bool> lock(const WriterRequest &place, RecoveryReport &recovered);

    /// Whether it has read all groups that a slice is about.
    bool hasGroupsOf(const Offer &offer) const;

    /// Has what is known of other slices be looked up in the log, as it is now.
    Status checkLog(KnownSlices &known);
    Status readMore(KnownSlices &known);

    /// Whether a slice that the log names is in the cube as it is now, under
    /// the labels that it brought: then `report` says so.
    Result<bool> holds(const IndexedSlice &slice, SliceReport &report);

    /// The slices as the cubes have their arrays.
    Status fit(Offer &offer) const;

    /// Guards the slices against the cubes as those before them leave them. One
    /// that is refused refuses all.
    Result<OfferPlan> plan(const Offer &offer);

    /// Whether all arrays that it writes are in the transaction, if that has
    /// begun.
    bool isPlanned(const OfferPlan &plan) const;

    /// Writes the slices' chunks; `report` says what they bring. On failure the
    /// slices before them are still to be committed, unless `undone()`. A plan
    /// that replaces rows must be the only one.
    Status add(Offer offer, OfferPlan plan, SliceReport &report,
               const std::function<bool(double)> &progress);

    /// A write failed, and with it all of the batch.
    bool undone() const
    {
        return m_undone;
    }

    /// The number of slices that wait for the commit.
    std::size_t size() const
    {
        return m_waiting.size();
    }

    /// The sequence number of the commit; nothing to commit is success.
    Result<std::uint64_t> commit();

    /// Gives up what has not been committed.
    void undo();

  private:
    Batch(const AppendOptions &options, KeptTarget &kept)
        : m_options(options), m_kept(kept)
    {
    }

    Status openTarget(const WriterRequest &place, RecoveryReport &recovered,
                      bool looksFirst);
    Result<bool> look(const WriterRequest &place, bool waited);
    Status prepareOverwrite();
    Status readMembers();
    BatchMember &memberOf(const Offer::Part &part) const;
    const LabelledRows *labelsFor(const Offer::Part &part, const Offer &offer,
                                  const OfferPlan &plan) const;
    Status checkNames(const Offer &offer) const;
    void keepCubes();
    Status write(const Offer &offer, OfferPlan &plan, SliceReport &report,
                 const std::function<bool(double)> &progress);
    Status runPipelines(const Offer &offer, OfferPlan &plan,
                        const std::function<bool(double)> &progress);
    Status beginOrExtend(Intent intent);
    void note(const Offer &offer, const OfferPlan &plan,
              const std::vector<std::string> &states, SliceReport &report);
    Status giveUp(Status why);
    Status undoTransaction();
    Result<Json> logRecord();

    const AppendOptions &m_options;
    KeptTarget &m_kept;
    OpenTarget m_open;
    std::string m_appendDim;
    std::vector<std::string> m_groups;  ///< below the run's
    bool m_confirmed = false;           ///< all that was read so far
    std::vector<std::unique_ptr<BatchMember>> m_members;
    std::unique_ptr<Transaction> m_transaction;
    std::vector<Offer> m_waiting;
    std::vector<std::string> m_warnings;  ///< of those, each once
    bool m_createsStore = false;
    bool m_undone = false;
};

}  // namespace mdimappend
