// A run over all slices: what comes next, and when to stop. What a commit
// brings is the affair of batches.h; outcomes and failures are kept by
// run_report.h.

#include "append/append.h"

#include "append/append_dim.h"
#include "append/batches.h"
#include "append/run_report.h"
#include "append/slice_opener.h"
#include "append/slice_queue.h"
#include "cube/open_target.h"
#include "cube/settings_check.h"
#include "trace.h"
#include "transaction/object_target.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace mdimappend
{

namespace
{

class Run
{
  public:
    Run(const AppendOptions &options, const Surroundings &around,
        SliceQueue &queue)
        : m_options(options), m_around(around), m_queue(queue),
          m_place(placeOf(options, m_connection, around)),
          m_appendDim(options, m_place), m_report(options, around, queue),
          m_opener(options, around, queue, m_appendDim),
          m_batches(options, m_place, m_appendDim, m_opener, m_report)
    {
    }

    Report run()
    {
        m_opener.lookAhead();
        while (m_report.goesOn())
        {
            auto round = nextRound();
            if (round.empty())
                break;
            m_batches.append(round);
        }
        m_batches.finish();
        if (m_connection)
            m_report.warnOf(m_connection->warnings());
        m_report.tell(m_appendDim.known());
        // It is all in: too late to stop.
        if (m_report.status() && m_around.progress)
            m_around.progress(1.0);
        return m_report.take(m_appendDim.known());
    }

  private:
    /// Slices that are appended together, opened and waited for without the
    /// lock. Empty at the end.
    std::vector<OpenSlice> nextRound()
    {
        std::vector<OpenSlice> round;
        while (m_report.goesOn() && round.size() < m_batches.roundSize())
        {
            m_report.tell(m_appendDim.known());
            if (m_report.hasBegun() && !m_report.progress(0) && mayGoOn())
            {
                interrupt();
                break;
            }
            waitForNames(round.size());
            auto input = m_queue.next();
            if (!input && input.status().kind() == Failure::Interrupted)
            {
                interrupt();
                break;
            }
            if (!input)
                m_report.fail(
                    m_report.begin("a line of " + m_options.slicesFrom),
                    input.takeStatus());
            else if (!*input)
                break;
            else if (m_batches.settleKnown(**input))
                ++m_taken;
            else
                openInto(round, **input);
        }
        return round;
    }

    /// Waits for the names of a whole batch, some of whose slices may be open,
    /// while the lock is free.
    void waitForNames(std::size_t opened)
    {
        const bool goesOn = m_batches.isOpen() && m_queue.waiting() > 0;
        if (m_gathered == 0 && !goesOn && !m_queue.knowsAll())
        {
            m_batches.giveWay();
            m_gathered = m_queue.gather(m_batches.slicesPerCommit() - opened);
        }
        if (m_gathered > 0)
            --m_gathered;
    }

    void openInto(std::vector<OpenSlice> &round, const SliceInput &input)
    {
        ++m_taken;
        const auto number = m_report.begin(input.name);
        auto offer = m_opener.openNext(input);
        if (!offer)
        {
            m_report.countFinished();
            m_report.fail(number, offer.takeStatus());
            return;
        }
        trace("", "slice '", m_report.slice(number).slice,
              "' opened: ", offer->first().size(), " steps of ",
              offer->first().appendDim());
        round.push_back({input, std::move(*offer), number});
    }

    /// Whoever stops a run after its last slice comes too late: it is all in.
    bool mayGoOn() const
    {
        return !m_queue.knowsAll() || m_taken < m_queue.known();
    }

    void interrupt()
    {
        const auto &slices = m_options.slices;
        m_report.end({Failure::Interrupted,
                      m_taken < slices.size()
                          ? "interrupted before slice '" +
                                slices[m_taken].name +
                                "'. Those before it are in."
                          : "interrupted. The slices so far are in."});
    }

    const AppendOptions &m_options;
    const Surroundings &m_around;
    SliceQueue &m_queue;
    std::size_t m_taken = 0;     ///< from the queue
    std::size_t m_gathered = 0;  ///< for the next batch, and not yet taken
    /// To an object store, kept for all commits.
    std::shared_ptr<ObjectTarget> m_connection;
    const WriterRequest m_place;
    AppendDim m_appendDim;
    RunReport m_report;
    SliceOpener m_opener;
    Batches m_batches;
};

}  // namespace

Report append(const AppendOptions &options, const Surroundings &around)
{
    Report none;
    none.target = options.target;
    none.status = checkSettings(options);
    if (!none.status)
        return none;
    auto queue = SliceQueue::open(slicesOf(options, around), options.slicesFrom,
                                  around.cancelled);
    if (queue)
        return Run(options, around, **queue).run();
    none.status = queue.takeStatus();
    return none;
}

}  // namespace mdimappend
