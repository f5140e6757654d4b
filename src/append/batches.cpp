// Fills batches, commits them, and appends slices again that were taken along
// by another's failure.

#include "append/batches.h"

#include "append/plan_warnings.h"
#include "trace.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mdimappend
{

namespace
{

using Clock = std::chrono::steady_clock;

/// Known slices are settled at some ten thousand a second, and others may want
/// the lock.
constexpr std::size_t mostSettled = 4096;

/// Not enough memory, most of all, is what is thrown.
Status thrown(Failure kind, const std::string &what,
              const std::exception &failure)
{
    return {kind, what + ": " + failure.what() +
                      ". The next run puts the target in order."};
}

Result<std::uint64_t> tryCommit(Batch &batch)
{
    try
    {
        return batch.commit();
    }
    catch (const std::exception &failure)
    {
        return thrown(Failure::Unknown, "the commit failed", failure);
    }
}

}  // namespace

bool Batches::overwrites() const
{
    return m_options.overwrite && !m_overwritten;
}

/// A new target in place of an old one is one commit of all that is named.
std::size_t Batches::slicesPerCommit() const
{
    const auto size = static_cast<std::size_t>(m_options.slicesPerCommit);
    return overwrites() ? std::max(size, m_options.slices.size()) : size;
}

bool Batches::settleKnown(const SliceInput &input)
{
    // Whoever waits for a slice to be complete wants to see it so.
    if (m_opener.waits() || overwrites())
        return false;
    const auto started = Clock::now();
    SliceReport report;
    auto known = isKnown(input, report);
    if (known && !*known)
    {
        // Opening the slice may take long.
        release();
        return false;
    }
    const auto number = m_report.begin(input.name);
    report.slice = m_report.slice(number).slice;
    report.seconds =
        std::chrono::duration<double>(Clock::now() - started).count();
    m_report.slice(number) = std::move(report);
    m_report.countFinished();
    if (!known)
        m_report.fail(number, nothingAppended(known.takeStatus()));
    else if (++m_settled >= mostSettled)
        release();
    return true;
}

Result<bool> Batches::isKnown(const SliceInput &input, SliceReport &report)
try
{
    const auto open = [&] { return m_batch ? Status::ok() : openBatch(); };
    auto found = m_known.find(input);
    if (!found && m_known.wantsMore())
    {
        MDIMAPPEND_RETURN_IF_ERROR(open());
        MDIMAPPEND_RETURN_IF_ERROR(m_batch->readMore(m_known));
        found = m_known.find(input);
    }
    if (!found)
        return false;
    MDIMAPPEND_RETURN_IF_ERROR(open());
    MDIMAPPEND_ASSIGN(const bool holds, m_batch->holds(*found, report));
    if (!holds || !m_batch->onlyLooks())
        return holds;
    // If not, the slice is opened, and compared with what is there then.
    return m_batch->confirmed();
}
catch (const std::exception &failure)
{
    return thrown(Failure::Error, "slice '" + input.name + "'", failure);
}

/// Frees the lock, if it is held for no slice.
void Batches::release()
{
    if (m_batch && m_batch->size() == 0 && !m_batch->undone())
        commit().ignore("there is nothing to be committed");
}

void Batches::append(std::vector<OpenSlice> &round)
{
    // All of a new target, or nothing.
    if (overwrites() && !m_report.goesOn())
        return;
    for (auto &opened : round)
    {
        if (!appendSlice(opened))
            return;
    }
    const bool isFull = m_batch && (m_batch->size() >= slicesPerCommit() ||
                                    m_batch->size() == 0);
    if (m_opener.waits() || isFull)
        giveWay();
}

void Batches::giveWay()
{
    settle();
    m_report.tell(m_appendDim.known());
}

void Batches::finish()
{
    if (m_batch && overwrites() && !m_report.goesOn())
    {
        m_batch->undo();
        const Status why = m_report.status();
        failWaiting(why);
    }
    settle();
}

/// Whether the round goes on.
bool Batches::appendSlice(OpenSlice &opened)
{
    const auto started = Clock::now();
    Status status;
    try
    {
        status = tryAppend(opened);
    }
    catch (const std::exception &failure)
    {
        status = thrown(Failure::Error,
                        "slice '" + m_report.slice(opened.report).slice + "'",
                        failure);
        if (m_batch)
            m_batch->undo();
    }
    m_report.countFinished();
    m_report.slice(opened.report).seconds =
        std::chrono::duration<double>(Clock::now() - started).count();
    if (status)
        return true;
    m_report.fail(opened.report, std::move(status));
    if (m_batch && m_batch->undone())
        appendWaitingAgain(m_report.slice(opened.report).status);
    return m_report.goesOn();
}

Status Batches::tryAppend(OpenSlice &opened)
{
    m_appendDim.learn(opened.offer.first().appendDim());
    m_opener.openAhead();
    MDIMAPPEND_RETURN_IF_ERROR(openBatchFor(opened.offer));
    MDIMAPPEND_ASSIGN(OfferPlan plan, planSurely(opened));
    // Slices with several groups are opened to be known.
    if (!opened.offer.hasGroups())
    {
        auto &part = plan.parts.front();
        part.readAs = m_known.readAs(opened.input);
        if (part.isEmpty() && part.broughtBy > 0)
            m_known.met(part.broughtBy);
    }
    const bool mustBeAlone = plan.replaces() && !m_options.dryRun;
    for (const auto &part : plan.parts)
        m_report.warnOf(warningsOf(part, m_report.slice(opened.report).slice));
    MDIMAPPEND_RETURN_IF_ERROR(m_batch->add(
        std::move(opened.offer), std::move(plan), m_report.slice(opened.report),
        [this](double fraction) { return m_report.progress(fraction); }));
    m_waiting.push_back({opened.input, opened.report});
    return mustBeAlone ? commit() : Status::ok();
}

/// Without the lock if there is nothing to be written. If somebody has written
/// meanwhile, whatever was made of what was read is made anew.
Result<OfferPlan> Batches::planSurely(OpenSlice &opened)
{
    auto plan = fitAndPlan(opened);
    // A commit that was due before may have failed, and taken the batch along.
    while (m_batch && m_batch->onlyLooks() && opened.offer.isWhole())
    {
        bool holds = false;
        if (plan && !plan->isEmpty())
        {
            MDIMAPPEND_ASSIGN(holds, lockBatch());
        }
        else
        {
            MDIMAPPEND_ASSIGN(holds, m_batch->confirmed());
            if (!holds)
                MDIMAPPEND_RETURN_IF_ERROR(openBatch(false));
        }
        if (holds)
            break;
        plan = fitAndPlan(opened);
    }
    if (!plan && m_batch && m_batch->size() == 0)
        return nothingAppended(plan.takeStatus());
    return plan;
}

Result<OfferPlan> Batches::fitAndPlan(OpenSlice &opened)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_batch->fit(opened.offer));
    return planOffer(opened.offer);
}

/// Commits what waits, if the slice cannot be appended before.
Result<OfferPlan> Batches::planOffer(const Offer &offer)
{
    MDIMAPPEND_ASSIGN(OfferPlan plan, m_batch->plan(offer));
    const bool mustBeAlone =
        plan.replaces() && !m_options.dryRun && m_batch->size() > 0;
    if (!mustBeAlone && !plan.needsCommit() && m_batch->isPlanned(plan))
        return plan;
    if (m_options.dryRun || overwrites())
        return refused("it has labels that another slice of this commit "
                       "brings; their values cannot be compared.");
    MDIMAPPEND_RETURN_IF_ERROR(commit());
    MDIMAPPEND_RETURN_IF_ERROR(openBatch());
    return m_batch->plan(offer);
}

/// One that has all groups of the slice.
Status Batches::openBatchFor(const Offer &offer)
{
    if (m_batch && m_batch->hasGroupsOf(offer))
        return Status::ok();
    if (m_batch)
        MDIMAPPEND_RETURN_IF_ERROR(commit());
    m_groups.clear();
    for (const auto &part : offer.parts)
        m_groups.push_back(part.group);
    return openBatch();
}

Status Batches::openBatch()
{
    return openBatch(!m_hadLock);
}

Status Batches::openBatch(bool looksFirst)
{
    RecoveryReport recovered;
    m_batch.reset();
    auto batch =
        Batch::open(m_options, m_place, m_kept, recovered,
                    {overwrites(), looksFirst, m_appendDim.known(), m_groups});
    if (!batch)
        return nothingAppended(batch.takeStatus());
    m_batch = std::move(*batch);
    m_settled = 0;
    return noteOpened(recovered);
}

/// Whether what was planned holds.
Result<bool> Batches::lockBatch()
{
    RecoveryReport recovered;
    auto holds = m_batch->lock(m_place, recovered);
    if (!holds)
        return nothingAppended(holds.takeStatus());
    MDIMAPPEND_RETURN_IF_ERROR(noteOpened(recovered));
    return holds;
}

Status Batches::noteOpened(const RecoveryReport &recovered)
{
    m_hadLock = m_hadLock || !m_batch->onlyLooks();
    m_report.note(recovered);
    if (m_known.hasBegun())
        MDIMAPPEND_RETURN_IF_ERROR(nothingAppended(m_batch->checkLog(m_known)));
    return m_appendDim.check();
}

/// Ends the batch. One of its slices may have changed since it was read: with
/// --keep-going each is then appended once more, by itself.
void Batches::settle()
{
    const auto waiting = m_waiting;
    const Status before = m_report.status();
    const Status committed = commit();
    if (committed || m_isAgain || overwrites() ||
        !m_report.passesOver(committed))
        return;
    trace("", "the commit failed; its ", waiting.size(),
          " slices are appended one by one");
    m_report.takeBack(before);
    m_isAgain = true;
    for (const auto &slice : waiting)
    {
        appendAgain(slice);
        settle();
    }
    m_isAgain = false;
}

/// Ends the batch.
Status Batches::commit()
{
    if (!m_batch || m_options.dryRun)
        return Status::ok();
    const auto batch = std::move(m_batch);
    const auto waiting = std::exchange(m_waiting, {});
    if (batch->undone())
        return Status::ok();
    const auto sequence = tryCommit(*batch);
    m_overwritten = m_overwritten || (sequence && *sequence > 0);
    for (const auto &slice : waiting)
    {
        auto &report = m_report.slice(slice.report);
        if (report.outcome != SliceReport::Outcome::Appended)
            continue;
        if (sequence)
            report.sequence = *sequence;
        else
            m_report.fail(slice.report, sequence.status());
    }
    return sequence.status();
}

/// A slice that could not be written took those before it with it: they are
/// appended again without it, if it was its own fault.
void Batches::appendWaitingAgain(const Status &why)
{
    const bool ownFault =
        why.kind() == Failure::Refused || why.kind() == Failure::Unavailable;
    if (!ownFault || (overwrites() && !m_report.goesOn()))
    {
        failWaiting(why);
        return;
    }
    m_batch.reset();
    const auto waiting = std::exchange(m_waiting, {});
    trace("", waiting.size(),
          " slices that were undone with another's are appended again");
    for (const auto &slice : waiting)
        appendAgain(slice);
    settle();
}

void Batches::appendAgain(const Waiting &waiting)
{
    const auto &[input, number] = waiting;
    m_report.beginAgain(number, input.name);
    auto offer = m_opener.open(input);
    if (!offer)
    {
        m_report.fail(number, offer.takeStatus());
        return;
    }
    OpenSlice opened{input, std::move(*offer), number};
    appendSlice(opened);
}

/// Slices of a batch that was undone are not in either.
void Batches::failWaiting(const Status &why)
{
    m_report.failUnsettled(why);
    m_waiting.clear();
    m_batch.reset();
}

}  // namespace mdimappend
