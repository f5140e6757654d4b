// Collects what happens to slices, and says it as soon as it can be relied on.

#include "append/run_report.h"

#include "secrets.h"
#include "trace.h"

#include <algorithm>
#include <utility>

namespace mdimappend
{

namespace
{

using Outcome = SliceReport::Outcome;

bool waitsForCommit(const SliceReport &report)
{
    return report.outcome == Outcome::Appended && report.sequence == 0;
}

bool isSettled(const SliceReport &report)
{
    return report.outcome != Outcome::NotTried && !waitsForCommit(report);
}

/// A refusal in the slice's name. Guards do not know that.
Status named(Status refusal, const std::string &slice)
{
    const auto &why = refusal.message();
    if (why.starts_with("slice '"))
        return refusal;
    return refused("slice '" + slice +
                   (why.starts_with("it ") ? "': " : "', ") + why +
                   (why.ends_with('.') ? "" : ".") + " Nothing was written.");
}

void join(std::vector<std::string> &all, const std::vector<std::string> &some)
{
    all.insert(all.end(), some.begin(), some.end());
}

}  // namespace

std::size_t RunReport::begin(const std::string &slice)
{
    m_report.slices.emplace_back();
    m_report.slices.back().slice = withoutSecrets(slice);
    return m_report.slices.size() - 1;
}

void RunReport::beginAgain(std::size_t number, const std::string &slice)
{
    m_report.slices[number] = SliceReport{};
    m_report.slices[number].slice = withoutSecrets(slice);
}

void RunReport::fail(std::size_t number, Status status)
{
    auto &report = m_report.slices[number];
    report.outcome = Outcome::Failed;
    if (status.kind() == Failure::Refused)
        status = named(std::move(status), report.slice);
    report.status = status;
    m_goesOn = m_goesOn && passesOver(status);
    trace("", "slice '", report.slice, "' is not in",
          m_goesOn ? ", the run goes on: " : ", the run ends: ",
          status.message());
    noteFailure(std::move(status));
}

void RunReport::failUnsettled(const Status &why)
{
    for (std::size_t i = 0; i < m_report.slices.size(); ++i)
    {
        if (waitsForCommit(m_report.slices[i]))
            fail(i, why);
    }
}

void RunReport::end(Status status)
{
    noteFailure(std::move(status));
    m_goesOn = false;
}

bool RunReport::passesOver(const Status &status) const
{
    return m_options.keepGoing && (status.kind() == Failure::Unavailable ||
                                   status.kind() == Failure::Refused);
}

void RunReport::noteFailure(Status status)
{
    if (m_report.status || !passesOver(status))
        m_report.status = std::move(status);
}

void RunReport::note(const RecoveryReport &recovered)
{
    join(m_report.recovery.undone, recovered.undone);
    join(m_report.recovery.redone, recovered.redone);
}

void RunReport::warn(std::string warning)
{
    auto &known = m_report.warnings;
    if (std::ranges::find(known, warning) != known.end())
        return;
    if (m_around.warn)
        m_around.warn(warning);
    known.push_back(std::move(warning));
}

void RunReport::warnOf(const std::vector<std::string> &warnings)
{
    for (const auto &warning : warnings)
        warn(warning);
}

bool RunReport::progress(double fraction) const
{
    if (m_around.cancelled && m_around.cancelled())
        return false;
    const auto done = static_cast<double>(m_finished);
    const auto total = std::max(static_cast<double>(m_queue.known()), 1.0);
    return !m_around.progress ||
           m_around.progress(std::min((done + fraction) / total, 1.0));
}

void RunReport::tell(const std::string &appendDim)
{
    for (; m_told < m_report.slices.size(); ++m_told)
    {
        const auto &next = m_report.slices[m_told];
        if (m_goesOn && !isSettled(next))
            return;
        if (m_around.tell)
            m_around.tell(toText(next, appendDim));
    }
}

Report RunReport::take(const std::string &appendDim)
{
    m_report.appendDim = appendDim;
    return std::move(m_report);
}

}  // namespace mdimappend
