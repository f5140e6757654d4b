// One commit and the slices that it brings: usually one, with
// --slices-per-commit several. Holds the lock from the first slice to the
// commit.

#pragma once

#include "append/plan.h"
#include "append/report.h"
#include "settings/options.h"
#include "slice/slice.h"
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
    /// Takes the lock, recovers (into `recovered`) and reads the target. With
    /// --dry-run nothing is locked, recovered or written.
    static Result<std::unique_ptr<Batch>> open(const AppendOptions &options,
                                               const std::string &appendDim,
                                               RecoveryReport &recovered);

    /// Guards the slice and writes its chunks; `report` says what it brings.
    /// On failure the slices before it are still to be committed, unless
    /// `undone()`.
    Status add(std::unique_ptr<Slice> slice, SliceReport &report,
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

    const std::vector<std::string> &ignoredArrays() const
    {
        return m_ignoredArrays;
    }

    /// The sequence number of the commit; nothing to commit is success.
    Result<std::uint64_t> commit();

    /// Gives up what has not been committed.
    void undo();

  private:
    struct Waiting
    {
        std::unique_ptr<Slice> slice;
        std::string fingerprint;
    };

    explicit Batch(const AppendOptions &options) : m_options(options)
    {
    }

    Status write(const Slice &slice, AppendPlan &plan,
                 const std::function<bool(double)> &progress);
    Status giveUp(Status why);
    Json logRecord() const;

    const AppendOptions &m_options;
    Writer m_writer;
    Site m_site;
    CubeState m_cube;
    std::unique_ptr<Transaction> m_transaction;
    std::vector<Waiting> m_waiting;
    std::vector<std::string> m_ignoredArrays;
    std::uint64_t m_firstRow = 0;
    std::uint64_t m_rows = 0;
    std::string m_firstLabel;
    std::string m_lastLabel;
    bool m_undone = false;
};

}  // namespace mdimappend
