// The batches of a run: which slices go into which commit, and what becomes of
// them when one of them, or the commit, fails.
//
// The words:
//
//   round    slices that were taken from the queue and opened, while nobody
//            holds the lock
//   batch    slices whose chunks are written under one lock, by one transaction
//            (append/batch.h)
//   commit   the end of a batch by which all of its slices are in, at once
//
// Slices that are there already come in rounds of one, and a batch takes as
// many rounds as --slices-per-commit says. Slices that have to be waited for
// (--wait, --ready-suffix) come in rounds of a whole batch, so that the lock is
// not held while waiting. For the same reason the lines of a list
// (--slices-from) are waited for before a batch is opened.
//
//   state    the batch          slices that wait   the lock
//   closed   none               none               free
//   looking  there              none               free
//   open     there              those added        held, but for --dry-run
//   undone   there, undone()    those added        held
//
//   closed -> looking  openBatch(): a slice comes, the run has not had the lock
//                      yet, and nobody else has it
//   looking -> looking planSurely(), settleKnown(): a slice is in already, or
//   is
//                      refused, and nobody has written meanwhile
//   looking -> open    planSurely(): a slice brings something, or somebody has
//                      written
//   closed -> open     openBatch(): a slice comes, otherwise
//   open   -> open     a slice is added, is in already, or is refused
//   open   -> open     settleKnown(): a slice is in already by the log
//   open   -> closed   commit(), whether it succeeds or not: the batch is full,
//                      or has nothing to write; a round of a whole batch has
//                      ended; a slice that replaces rows has been added, or
//                      comes next, since it must be the only one; the run ends
//   open   -> undone   a slice's chunks could not be written, or, where a new
//                      target is made in place of another, the run was stopped
//   undone -> closed   appendWaitingAgain(), failWaiting()
//
// A batch that was undone by one slice's own fault took others with it. Those
// that waited are appended again, into a new batch. And a commit may fail since
// one of its slices has changed since it was read: then, with --keep-going,
// each is appended once more in a batch of its own (m_isAgain), and what fails
// then has failed.

#pragma once

#include "append/append_dim.h"
#include "append/batch.h"
#include "append/known_slices.h"
#include "append/logged_slices.h"
#include "append/run_report.h"
#include "append/slice_opener.h"
#include "settings/options.h"
#include "slice/slice.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace mdimappend
{

/// A slice that is open, with all its groups, and its number in the report.
struct OpenSlice
{
    SliceInput input;
    Offer offer;
    std::size_t report = 0;
};

class Batches
{
  public:
    /// All must outlive this.
    Batches(const AppendOptions &options, const WriterRequest &place,
            AppendDim &appendDim, SliceOpener &opener, RunReport &report)
        : m_options(options), m_place(place), m_appendDim(appendDim),
          m_opener(opener), m_report(report), m_known(options)
    {
    }

    /// How many slices are to be opened before they are appended.
    std::size_t roundSize() const
    {
        return m_opener.waits() ? slicesPerCommit() : 1;
    }

    /// Reports a slice that is in, where that can be told without opening it.
    /// If so, or if it failed, there is nothing more to be done with it.
    bool settleKnown(const SliceInput &input);

    /// Whether a batch is open, which holds the lock.
    bool isOpen() const
    {
        return m_batch != nullptr;
    }

    /// How many slices a batch has if none of them fails.
    std::size_t slicesPerCommit() const;

    /// Ends the batch, so that the lock is free while the next slice is waited
    /// for.
    void giveWay();

    /// Appends a round, until a failure ends the run.
    void append(std::vector<OpenSlice> &round);

    /// Commits what waits, or, where a new target takes the place of another
    /// and not all of it is there, gives it up.
    void finish();

  private:
    /// Its chunks are written, it waits for the commit.
    struct Waiting
    {
        SliceInput input;
        std::size_t report = 0;
    };

    Result<bool> isKnown(const SliceInput &input, SliceReport &report);
    void release();
    bool overwrites() const;
    bool appendSlice(OpenSlice &opened);
    Status tryAppend(OpenSlice &opened);
    Result<OfferPlan> planSurely(OpenSlice &opened);
    Result<OfferPlan> fitAndPlan(OpenSlice &opened);
    Result<OfferPlan> planOffer(const Offer &offer);
    Status openBatchFor(const Offer &offer);
    Status openBatch(bool looksFirst);
    Status openBatch();
    Result<bool> lockBatch();
    Status noteOpened(const RecoveryReport &recovered);
    void settle();
    Status commit();
    void appendWaitingAgain(const Status &why);
    void appendAgain(const Waiting &waiting);
    void failWaiting(const Status &why);

    const AppendOptions &m_options;
    const WriterRequest &m_place;
    AppendDim &m_appendDim;
    SliceOpener &m_opener;
    RunReport &m_report;
    KeptTarget m_kept{};
    KnownSlices m_known;
    std::vector<std::string> m_groups = {""};  ///< of the batch
    std::unique_ptr<Batch> m_batch;
    std::size_t m_settled = 0;  ///< known slices, while the batch was open
    std::vector<Waiting> m_waiting;
    bool m_isAgain = false;
    bool m_overwritten = false;  ///< a commit has replaced the target
    /// The run has had the lock: it may write, and there was something to do.
    bool m_hadLock = false;
};

}  // namespace mdimappend
