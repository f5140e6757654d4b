#include "append/append.h"

#include "append/batch.h"
#include "append/target.h"
#include "slice/slice.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace mdimappend
{

namespace
{

using Clock = std::chrono::steady_clock;

class Run
{
  public:
    explicit Run(const AppendOptions &options) : m_options(options)
    {
        m_report.target = options.target;
    }

    Report run()
    {
        for (m_number = 0; m_number < m_options.slices.size(); ++m_number)
        {
            // What is in already is passed over fast, but not forever.
            if (m_number > 0 && !reportProgress(0))
            {
                commit();
                noteFailure(
                    {Failure::Interrupted, "interrupted before slice '" +
                                               m_options.slices[m_number].name +
                                               "'. Those before it are in."});
                break;
            }
            if (!appendSlice(m_options.slices[m_number]))
                break;
        }
        commit();
        // It is all in: too late to stop.
        if (m_report.status && m_options.progress)
            m_options.progress(1.0);
        return std::move(m_report);
    }

  private:
    /// Whether the run goes on.
    bool appendSlice(const SliceInput &input)
    {
        const auto started = Clock::now();
        m_report.slices.emplace_back();
        m_report.slices.back().slice = input.name;
        Status status;
        try
        {
            status = tryAppend(input, m_report.slices.back());
        }
        catch (const std::exception &failure)
        {
            // Not enough memory, most of all.
            status = error("slice '" + input.name + "': " + failure.what() +
                           ". The next run puts the target in order.");
            if (m_batch)
                m_batch->undo();
        }
        auto &report = m_report.slices.back();
        report.seconds =
            std::chrono::duration<double>(Clock::now() - started).count();
        if (!status)
        {
            failSlice(report, std::move(status));
            const auto kind = report.status.kind();
            if (m_batch && m_batch->undone())
                failWaiting(report.status);
            return m_options.keepGoing &&
                   (kind == Failure::Unavailable || kind == Failure::Refused);
        }
        const auto full = static_cast<std::size_t>(m_options.slicesPerCommit);
        if (m_batch && !m_options.dryRun &&
            (m_batch->size() >= full || m_batch->size() == 0))
            return commit();
        return true;
    }

    Status tryAppend(const SliceInput &input, SliceReport &report)
    {
        MDIMAPPEND_ASSIGN(auto slice, openSlice(input));
        m_report.appendDim = slice->appendDim();
        if (!m_batch)
        {
            RecoveryReport recovered;
            MDIMAPPEND_ASSIGN(
                m_batch, Batch::open(m_options, m_report.appendDim, recovered));
            note(recovered);
        }
        MDIMAPPEND_RETURN_IF_ERROR(
            m_batch->add(std::move(slice), report, [this](double fraction)
                         { return reportProgress(fraction); }));
        warnOf(m_batch->ignoredArrays());
        return Status::ok();
    }

    /// Ends the batch; whether that went well.
    bool commit()
    {
        if (!m_batch)
            return true;
        const auto batch = std::move(m_batch);
        if (batch->undone() || m_options.dryRun)
            return true;
        auto sequence = batch->commit();
        for (auto &report : m_report.slices)
        {
            if (report.outcome != SliceReport::Outcome::Appended ||
                report.sequence != 0)
                continue;
            if (sequence)
                report.sequence = *sequence;
            else
                failSlice(report, sequence.status());
        }
        return static_cast<bool>(sequence);
    }

    /// Slices of a batch that was undone are not in either.
    void failWaiting(const Status &why)
    {
        for (auto &report : m_report.slices)
        {
            if (report.outcome == SliceReport::Outcome::Appended &&
                report.sequence == 0)
                failSlice(report, why);
        }
        m_batch.reset();
    }

    void failSlice(SliceReport &report, Status status)
    {
        report.outcome = SliceReport::Outcome::Failed;
        const auto &why = status.message();
        if (status.kind() == Failure::Refused && !why.starts_with("slice '"))
            status = Status(Failure::Refused,
                            "slice '" + report.slice + "', " + why +
                                (why.ends_with('.') ? "" : ".") +
                                " Nothing was written.");
        report.status = status;
        noteFailure(std::move(status));
    }

    /// The first failure that was passed over, or the one that ends the run.
    void noteFailure(Status status)
    {
        const bool passedOver =
            m_options.keepGoing && (status.kind() == Failure::Unavailable ||
                                    status.kind() == Failure::Refused);
        if (m_report.status || !passedOver)
            m_report.status = std::move(status);
    }

    Result<std::unique_ptr<Slice>> openSlice(const SliceInput &input)
    {
        SliceRequest request;
        request.name = input.name;
        request.label = input.label;
        request.labelFrom = m_options.labelFrom;
        request.allowedDrivers = m_options.allowedDrivers;
        request.openOptions = m_options.openOptions;
        request.arrays = m_options.arrays;
        request.excludedArrays = m_options.excludedArrays;
        request.dataset = input.dataset;
        MDIMAPPEND_RETURN_IF_ERROR(checkNotTarget(input.name));
        MDIMAPPEND_ASSIGN(request.appendDim, appendDim());
        return Slice::open(request);
    }

    /// A store cannot be read while it is written to.
    Status checkNotTarget(const std::string &slice) const
    {
        namespace fs = std::filesystem;
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

    /// What the user says, else what the slice before this one had, else what
    /// an existing target says, else "".
    Result<std::string> appendDim()
    {
        if (!m_options.appendDim.empty())
            return m_options.appendDim;
        if (!m_report.appendDim.empty())
            return m_report.appendDim;
        MDIMAPPEND_ASSIGN(const Writer reader,
                          openForReading(m_options.target, m_options.group));
        // Read without the lock: an append under way may tear it; what counts
        // is read again later.
        const auto target = readTarget(*reader.storage, reader.site, "");
        return target ? target->appendDim : std::string();
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
                if (m_options.warn)
                    m_options.warn(warning);
            }
        }
    }

    bool reportProgress(double fraction) const
    {
        if (m_options.cancelled && m_options.cancelled())
            return false;
        const auto total = static_cast<double>(m_options.slices.size());
        return !m_options.progress ||
               m_options.progress((static_cast<double>(m_number) + fraction) /
                                  total);
    }

    const AppendOptions &m_options;
    Report m_report;
    std::unique_ptr<Batch> m_batch;
    std::size_t m_number = 0;
};

}  // namespace

Report append(const AppendOptions &options)
{
    return Run(options).run();
}

}  // namespace mdimappend
