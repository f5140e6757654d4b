#include "append/append.h"

#include "append/batch.h"
#include "append/slice_queue.h"
#include "append/slice_request.h"
#include "cube/target.h"
#include "settings/secrets.h"
#include "slice/slice.h"
#include "slice/slice_wait.h"
#include "storage/object_address.h"
#include "transaction/object_target.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <optional>
#include <utility>

namespace mdimappend
{

namespace
{

using Clock = std::chrono::steady_clock;

class Run
{
  public:
    Run(const AppendOptions &options, const Surroundings &around)
        : m_options(options), m_around(around)
    {
        m_report.target = options.target;
    }

    Report run()
    {
        auto queue = SliceQueue::open(slicesOf(m_options, m_around),
                                      m_options.slicesFrom, m_around.cancelled);
        if (!queue)
        {
            m_report.status = queue.takeStatus();
            return std::move(m_report);
        }
        m_queue = std::move(*queue);
        lookAhead();
        while (m_goesOn)
        {
            auto group = nextGroup();
            if (group.empty())
                break;
            appendGroup(group);
        }
        finish();
        // It is all in: too late to stop.
        if (m_report.status && m_around.progress)
            m_around.progress(1.0);
        return std::move(m_report);
    }

  private:
    /// A slice that is open, and its place in the report.
    struct Opened
    {
        SliceInput input;
        std::unique_ptr<Slice> slice;
        std::size_t report = 0;
    };

    /// The next slice, which is being opened.
    struct Ahead
    {
        SliceRequest request;
        std::future<Result<std::unique_ptr<Slice>>> slice;
    };

    /// Its chunks are written, it waits for the commit.
    struct Waiting
    {
        SliceInput input;
        std::size_t report = 0;
    };

    /// The slices of one commit, opened (and waited for) without the lock.
    std::vector<Opened> nextGroup()
    {
        std::vector<Opened> group;
        while (m_goesOn && group.size() < groupSize())
        {
            tell();
            if (!m_report.slices.empty() && !reportProgress(0) && mayGoOn())
            {
                interrupt();
                break;
            }
            auto input = m_queue->next();
            if (!input)
            {
                if (input.status().kind() == Failure::Interrupted)
                {
                    interrupt();
                    break;
                }
                newReport("a line of " + m_options.slicesFrom);
                fail(m_report.slices.size() - 1, input.takeStatus());
                continue;
            }
            if (!*input)
            {
                break;
            }
            ++m_taken;
            newReport((*input)->name);
            Opened opened;
            opened.report = m_report.slices.size() - 1;
            opened.input = **input;
            auto slice = takeAhead(**input);
            if (!slice)
            {
                ++m_finished;
                fail(opened.report, slice.takeStatus());
                continue;
            }
            opened.slice = std::move(*slice);
            group.push_back(std::move(opened));
        }
        return group;
    }

    /// Whoever stops a run after its last slice comes too late: it is all in.
    bool mayGoOn() const
    {
        return !m_queue->knowsAll() || m_taken < m_queue->known();
    }

    /// A new target in place of an old one is one commit of all that is named.
    std::size_t slicesPerCommit() const
    {
        const auto size = static_cast<std::size_t>(m_options.slicesPerCommit);
        return overwrites() ? std::max(size, m_options.slices.size()) : size;
    }

    /// The lock is not held while waiting: what makes a commit is there before.
    std::size_t groupSize() const
    {
        return gathers() ? slicesPerCommit() : 1;
    }

    bool gathers() const
    {
        return waits() || !m_options.slicesFrom.empty();
    }

    bool overwrites() const
    {
        return m_options.overwrite && !m_overwritten;
    }

    void newReport(const std::string &slice)
    {
        m_report.slices.emplace_back();
        m_report.slices.back().slice = withoutSecrets(slice);
    }

    void interrupt()
    {
        const auto &slices = m_options.slices;
        noteFailure({Failure::Interrupted,
                     m_taken < slices.size()
                         ? "interrupted before slice '" + slices[m_taken].name +
                               "'. Those before it are in."
                         : "interrupted. The slices before are in."});
        m_goesOn = false;
    }

    void appendGroup(std::vector<Opened> &group)
    {
        // All of a new target, or nothing.
        if (overwrites() && !m_goesOn)
            return;
        for (auto &opened : group)
        {
            if (!appendSlice(opened))
                return;
        }
        const bool isFull = m_batch && (m_batch->size() >= slicesPerCommit() ||
                                        m_batch->size() == 0);
        if (gathers() || isFull)
        {
            settle();
            tell();
        }
    }

    void finish()
    {
        if (m_batch && overwrites() && !m_goesOn)
        {
            m_batch->undo();
            failWaiting(m_report.status);
        }
        settle();
        tell();
    }

    /// Whether the group goes on.
    bool appendSlice(Opened &opened)
    {
        const auto started = Clock::now();
        Status status;
        try
        {
            status = tryAppend(opened);
        }
        catch (const std::exception &failure)
        {
            // Not enough memory, most of all.
            status = error("slice '" + m_report.slices[opened.report].slice +
                           "': " + failure.what() +
                           ". The next run puts the target in order.");
            if (m_batch)
                m_batch->undo();
        }
        ++m_finished;
        m_report.slices[opened.report].seconds =
            std::chrono::duration<double>(Clock::now() - started).count();
        if (status)
            return true;
        fail(opened.report, std::move(status));
        if (m_batch && m_batch->undone())
            appendWaitingAgain(m_report.slices[opened.report].status);
        return m_goesOn;
    }

    /// A slice that could not be written took those before it with it: they are
    /// appended again without it, if it was its own fault.
    void appendWaitingAgain(const Status &why)
    {
        const auto kind = why.kind();
        const bool ownFault =
            kind == Failure::Refused || kind == Failure::Unavailable;
        if (!ownFault || (overwrites() && !m_goesOn))
        {
            failWaiting(why);
            return;
        }
        m_batch.reset();
        const auto waiting = std::exchange(m_waiting, {});
        for (const auto &[input, report] : waiting)
            appendAgain(input, report);
        settle();
    }

    void appendAgain(const SliceInput &input, std::size_t number)
    {
        m_report.slices[number] = SliceReport{};
        m_report.slices[number].slice = withoutSecrets(input.name);
        auto slice = openSlice(input);
        if (!slice)
        {
            fail(number, slice.takeStatus());
            return;
        }
        Opened opened{input, std::move(*slice), number};
        appendSlice(opened);
    }

    /// Ends the batch. One of its slices may have changed since it was read:
    /// with --keep-going each is then appended once more, by itself.
    void settle()
    {
        const auto waiting = m_waiting;
        const Status before = m_report.status;
        const Status committed = commit();
        if (committed || m_isAgain || overwrites() || !passesOver(committed))
            return;
        m_report.status = before;
        m_isAgain = true;
        for (const auto &[input, report] : waiting)
        {
            appendAgain(input, report);
            settle();
        }
        m_isAgain = false;
    }

    Status openBatch()
    {
        RecoveryReport recovered;
        MDIMAPPEND_ASSIGN(m_batch,
                          Batch::open(m_options, place(), m_report.appendDim,
                                      recovered, overwrites()));
        note(recovered);
        return checkAppendDim();
    }

    Status tryAppend(Opened &opened)
    {
        auto &slice = opened.slice;
        m_report.appendDim = slice->appendDim();
        if (!m_batch)
            MDIMAPPEND_RETURN_IF_ERROR(openBatch());
        MDIMAPPEND_ASSIGN(AppendPlan plan, m_batch->plan(*slice));
        const bool mustBeAlone =
            plan.replacedRows > 0 && !m_options.dryRun && m_batch->size() > 0;
        if (mustBeAlone || plan.needsCommit)
        {
            if (m_options.dryRun || overwrites())
                return refused("it has labels that another slice of this "
                               "commit brings; their values cannot be "
                               "compared.");
            MDIMAPPEND_RETURN_IF_ERROR(commit());
            MDIMAPPEND_RETURN_IF_ERROR(openBatch());
            MDIMAPPEND_ASSIGN(plan, m_batch->plan(*slice));
        }
        const bool alone = plan.replacedRows > 0 && !m_options.dryRun;
        warnOf(plan.ignoredArrays);
        openAhead();
        MDIMAPPEND_RETURN_IF_ERROR(m_batch->add(
            std::move(slice), std::move(plan), m_report.slices[opened.report],
            [this](double fraction) { return reportProgress(fraction); }));
        m_waiting.push_back({opened.input, opened.report});
        return alone ? commit() : Status::ok();
    }

    /// Ends the batch.
    Status commit()
    {
        if (!m_batch || m_options.dryRun)
            return Status::ok();
        const auto batch = std::move(m_batch);
        const auto waiting = std::exchange(m_waiting, {});
        if (batch->undone())
            return Status::ok();
        auto sequence = commit(*batch);
        m_overwritten = m_overwritten || (sequence && *sequence > 0);
        for (const auto &slice : waiting)
        {
            auto &report = m_report.slices[slice.report];
            if (report.outcome != SliceReport::Outcome::Appended)
                continue;
            if (sequence)
                report.sequence = *sequence;
            else
                fail(slice.report, sequence.status());
        }
        return sequence.status();
    }

    static Result<std::uint64_t> commit(Batch &batch)
    {
        try
        {
            return batch.commit();
        }
        catch (const std::exception &failure)
        {
            return Status(Failure::Unknown,
                          std::string("the commit failed: ") + failure.what() +
                              ". The next run puts the target in order.");
        }
    }

    /// Says what is settled, as it comes, in the order of the slices.
    void tell()
    {
        for (; m_told < m_report.slices.size(); ++m_told)
        {
            if (m_goesOn && !isSettled(m_report.slices[m_told]))
                return;
            if (m_around.tell)
                m_around.tell(
                    toText(m_report.slices[m_told], m_report.appendDim));
        }
    }

    static bool isSettled(const SliceReport &report)
    {
        using Outcome = SliceReport::Outcome;
        return report.outcome != Outcome::NotTried &&
               (report.outcome != Outcome::Appended || report.sequence != 0);
    }

    /// Slices of a batch that was undone are not in either.
    void failWaiting(const Status &why)
    {
        for (std::size_t i = 0; i < m_report.slices.size(); ++i)
        {
            const auto &report = m_report.slices[i];
            if (report.outcome == SliceReport::Outcome::Appended &&
                report.sequence == 0)
                fail(i, why);
        }
        m_waiting.clear();
        m_batch.reset();
    }

    bool passesOver(const Status &status) const
    {
        return m_options.keepGoing && (status.kind() == Failure::Unavailable ||
                                       status.kind() == Failure::Refused);
    }

    /// Notes why a slice is not in, and whether that ends the run.
    void fail(std::size_t number, Status status)
    {
        auto &report = m_report.slices[number];
        report.outcome = SliceReport::Outcome::Failed;
        const auto &why = status.message();
        if (status.kind() == Failure::Refused && !why.starts_with("slice '"))
            status = Status(Failure::Refused,
                            "slice '" + report.slice +
                                (why.starts_with("it ") ? "': " : "', ") + why +
                                (why.ends_with('.') ? "" : ".") +
                                " Nothing was written.");
        report.status = status;
        m_goesOn = m_goesOn && passesOver(status);
        noteFailure(std::move(status));
    }

    /// The first failure that was passed over, or the one that ends the run.
    void noteFailure(Status status)
    {
        if (m_report.status || !passesOver(status))
            m_report.status = std::move(status);
    }

    bool waits() const
    {
        return m_options.wait || !m_options.readySuffix.empty();
    }

    /// What holds still now need not be waited for when its turn comes.
    void lookAhead()
    {
        if (!waits() || m_options.slices.size() < 2)
            return;
        for (const auto &input : slicesOf(m_options, m_around))
            m_sightings.look(requestFor(input), m_around.cancelled);
    }

    SliceRequest requestFor(const SliceInput &input) const
    {
        return sliceRequest(m_options, input, m_report.appendDim);
    }

    /// Opens the next slice while this one is written, if it is known already.
    void openAhead()
    {
        const auto *next = m_queue->ahead();
        if (!next || next->dataset || m_ahead || waits() ||
            m_options.threads == 1 || !Slice::mayOpenBesideAnother())
            return;
        const CPLStringList configuration(CPLGetThreadLocalConfigOptions());
        const auto request = requestFor(*next);
        m_ahead.emplace(request, std::async(std::launch::async,
                                            [this, configuration, request]
                                            {
                                                CPLSetThreadLocalConfigOptions(
                                                    configuration.List());
                                                return open(request);
                                            }));
    }

    /// What was opened ahead. Where that was too early, it is opened now.
    Result<std::unique_ptr<Slice>> takeAhead(const SliceInput &input)
    {
        if (auto ahead = std::exchange(m_ahead, std::nullopt))
        {
            auto slice = ahead->slice.get();
            const auto &opened = ahead->request;
            if (slice && opened.name == input.name &&
                opened.label == input.label &&
                opened.appendDim == requestFor(input).appendDim &&
                (*slice)->changed().empty())
                return slice;
        }
        return openSlice(input);
    }

    Result<std::unique_ptr<Slice>> openSlice(const SliceInput &input)
    {
        auto request = requestFor(input);
        MDIMAPPEND_ASSIGN(request.appendDim, appendDim());
        return open(request);
    }

    Result<std::unique_ptr<Slice>> open(const SliceRequest &request)
    {
        try
        {
            return tryOpen(request);
        }
        catch (const std::exception &failure)
        {
            // Not enough memory, most of all.
            return Status(Failure::Unavailable, "slice '" + request.name +
                                                    "': " + failure.what() +
                                                    ". Nothing was written.");
        }
    }

    Result<std::unique_ptr<Slice>> tryOpen(const SliceRequest &request)
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkNotTarget(request.name));
        if (!waits())
            return Slice::open(request);
        WaitRequest wait;
        wait.timeout = m_options.wait ? m_options.waitTimeout
                                      : std::optional<WaitRequest::Seconds>(0);
        wait.pollInterval = m_options.pollInterval;
        wait.readySuffix = m_options.readySuffix;
        wait.cancelled = m_around.cancelled;
        return openWhenComplete(request, wait, &m_sightings);
    }

    /// A store cannot be read while it is written to.
    Status checkNotTarget(const std::string &slice) const
    {
        namespace fs = std::filesystem;
        if (const auto target = parseObjectAddress(m_options.target))
        {
            const auto named = parseObjectAddress(slice);
            if (named &&
                (named->path() + "/").starts_with(target->path() + "/"))
                return refused("slice '" + withoutSecrets(slice) +
                               "' is in the target itself. Nothing was "
                               "written.");
            return Status::ok();
        }
        std::error_code code;
        const auto from = fs::canonical(slice, code);
        const auto into =
            code ? fs::path() : fs::canonical(m_options.target, code);
        const auto store = into.native() + "/";
        if (!code && (from.native() + "/").starts_with(store))
            return refused("slice '" + slice + "' is " +
                           (from == into ? "" : "inside ") +
                           "the target itself. Nothing was written.");
        return Status::ok();
    }

    WriterRequest place()
    {
        return placeOf(m_options, m_connection, m_around);
    }

    /// By the lock of an object store, which need not be asked for more then.
    static Result<std::string> recordedAppendDim(const Writer &reader)
    {
        MDIMAPPEND_ASSIGN(const auto end, reader.objects->logEnd(reader.site));
        const auto record = end ? parseJson(end->record) : Result<Json>(Json());
        return record && textMember(*record, "group") == reader.site.group
                   ? textMember(*record, "append_dim")
                   : std::string();
    }

    /// What the user says, else what the slice before this one had, else what
    /// an existing target says (unless it is to go), else "".
    Result<std::string> appendDim()
    {
        if (!m_options.appendDim.empty())
            return m_options.appendDim;
        if (!m_report.appendDim.empty() || overwrites())
            return m_report.appendDim;
        MDIMAPPEND_ASSIGN(Writer reader, openForReading(place(), false));
        if (reader.objects)
        {
            MDIMAPPEND_ASSIGN(const auto recorded, recordedAppendDim(reader));
            if (!recorded.empty())
                return recorded;
            MDIMAPPEND_RETURN_IF_ERROR(reader.objects->look(reader.site));
        }
        // Read without the lock: an append under way may tear it; what counts
        // is read again later.
        const auto target = readTarget(*reader.storage, reader.site, "");
        m_appendDimUnknown = !target;
        return target ? target->appendDim : std::string();
    }

    /// What the slice itself calls so may be another dimension of the target.
    Status checkAppendDim()
    {
        if (!std::exchange(m_appendDimUnknown, false))
            return Status::ok();
        MDIMAPPEND_ASSIGN(const Writer reader, openForReading(place()));
        MDIMAPPEND_ASSIGN(const Target target,
                          readTarget(*reader.storage, reader.site, ""));
        if (target.appendDim.empty() || target.appendDim == m_report.appendDim)
            return Status::ok();
        m_report.appendDim.clear();
        return error("the target could not be read when its append dimension, "
                     "'" +
                     target.appendDim +
                     "', was looked for. Nothing was written; try again.");
    }

    void note(const RecoveryReport &recovered)
    {
        auto &all = m_report.recovery;
        all.undone.insert(all.undone.end(), recovered.undone.begin(),
                          recovered.undone.end());
        all.redone.insert(all.redone.end(), recovered.redone.begin(),
                          recovered.redone.end());
    }

    void warnOf(const std::vector<std::string> &ignoredArrays)
    {
        for (const auto &name : ignoredArrays)
        {
            const auto warning = "array '" + name +
                                 "' of the slices is not in the target and "
                                 "was left out";
            auto &known = m_report.warnings;
            if (std::find(known.begin(), known.end(), warning) == known.end())
            {
                known.push_back(warning);
                if (m_around.warn)
                    m_around.warn(warning);
            }
        }
    }

    bool reportProgress(double fraction) const
    {
        if (m_around.cancelled && m_around.cancelled())
            return false;
        const auto done = static_cast<double>(m_finished);
        const auto total = std::max(static_cast<double>(m_queue->known()), 1.0);
        return !m_around.progress ||
               m_around.progress(std::min((done + fraction) / total, 1.0));
    }

    const AppendOptions &m_options;
    const Surroundings &m_around;
    Report m_report;
    std::shared_ptr<ObjectTarget> m_connection;
    std::unique_ptr<SliceQueue> m_queue;
    Sightings m_sightings;
    std::unique_ptr<Batch> m_batch;
    std::vector<Waiting> m_waiting;
    bool m_isAgain = false;
    bool m_appendDimUnknown = false;
    std::size_t m_taken = 0;     ///< from the queue
    std::size_t m_finished = 0;  ///< appended, in already or failed
    std::size_t m_told = 0;
    bool m_goesOn = true;
    bool m_overwritten = false;
    std::optional<Ahead> m_ahead;  ///< waited for before the rest goes
};

}  // namespace

Report append(const AppendOptions &options, const Surroundings &around)
{
    return Run(options, around).run();
}

}  // namespace mdimappend
