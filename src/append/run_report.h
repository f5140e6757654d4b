// The report of a run while it is made: outcomes of slices as they come, told
// in the order of the slices; failures, and whether they end the run; progress.
//
//   a slice's outcome     settled?
//   NotTried              no, until the run has ended
//   Appended, sequence 0  no: its chunks are written, and wait for the commit
//   Appended              yes, the commit has its sequence number
//   AlreadyThere, WouldAppend, Failed    yes
//
// What is settled is told once, when all slices before it are settled.

#pragma once

#include "append/report.h"
#include "append/slice_queue.h"
#include "settings/options.h"
#include "surroundings.h"

#include <cstddef>
#include <string>
#include <vector>

namespace mdimappend
{

class RunReport
{
  public:
    /// `queue`: says how many slices there are, for progress.
    RunReport(const AppendOptions &options, const Surroundings &around,
              const SliceQueue &queue)
        : m_options(options), m_around(around), m_queue(queue)
    {
        m_report.target = options.target;
    }

    /// The report of one more slice; returns its number.
    std::size_t begin(const std::string &slice);

    /// Whether there is any.
    bool hasBegun() const
    {
        return !m_report.slices.empty();
    }

    /// The slice is appended once more: what was reported of it is void.
    void beginAgain(std::size_t number, const std::string &slice);

    SliceReport &slice(std::size_t number)
    {
        return m_report.slices[number];
    }

    /// Notes why a slice is not in, and whether that ends the run.
    void fail(std::size_t number, Status status);

    /// The same for all slices that wait for a commit which will not come.
    void failUnsettled(const Status &why);

    /// Ends the run for another reason than a slice's failure.
    void end(Status status);

    /// Whether no failure has ended the run.
    bool goesOn() const
    {
        return m_goesOn;
    }

    /// Whether --keep-going passes over a failure.
    bool passesOver(const Status &status) const;

    /// The first failure that was passed over, or the one that ends the run.
    const Status &status() const
    {
        return m_report.status;
    }

    /// Takes back failures after which all is tried again.
    void takeBack(Status before)
    {
        m_report.status = std::move(before);
    }

    void note(const RecoveryReport &recovered);

    /// Once, if it is said again.
    void warn(std::string warning);
    void warnOf(const std::vector<std::string> &warnings);

    /// One more slice is appended, in already or failed.
    void countFinished()
    {
        ++m_finished;
    }

    /// `fraction`: of the slice that is written now. False: stop.
    bool progress(double fraction) const;

    /// Tells what is settled; all, once the run has ended.
    void tell(const std::string &appendDim);

    Report take(const std::string &appendDim);

  private:
    void noteFailure(Status status);

    const AppendOptions &m_options;
    const Surroundings &m_around;
    const SliceQueue &m_queue;
    Report m_report;
    std::size_t m_finished = 0;
    std::size_t m_told = 0;
    bool m_goesOn = true;
};

}  // namespace mdimappend
