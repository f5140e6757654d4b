// Looks at a slice again and again until it is complete, then opens it.

#include "slice/slice_wait.h"

#include "slice/gdal_messages.h"
#include "slice/slice_config.h"
#include "slice/slice_name.h"
#include "trace.h"

#include <cpl_string.h>
#include <cpl_vsi.h>

#include <algorithm>
#include <filesystem>
#include <thread>

namespace mdimappend
{

namespace
{

using Clock = Sightings::Clock;
using Seconds = WaitRequest::Seconds;

/// Cancelled is asked for at least this often.
constexpr Seconds longestSleep{0.1};

/// Even if all is to be polled without a pause.
constexpr Seconds shortestSleep{0.01};

bool exists(const std::string &file)
{
    VSIStatBufL state;
    return VSIStatExL(file.c_str(), &state, VSI_STAT_EXISTS_FLAG) == 0;
}

/// Names that GDAL may open although there is no such file: databases, folders
/// of web servers.
bool mustExist(const std::string &file)
{
    return !file.starts_with("/vsi") &&
           (file.starts_with('/') ||
            file.find_first_of(":<{") == std::string::npos);
}

std::string inSeconds(Seconds duration)
{
    return CPLSPrintf(duration < Seconds(10) ? "%.1f s" : "%.0f s",
                      duration.count());
}

class Wait
{
  public:
    Wait(const SliceRequest &request, const WaitRequest &wait,
         const CPLStringList &config, const std::function<Status()> &open,
         Sightings &seen)
        : m_request(request), m_wait(wait), m_config(config), m_open(open),
          m_seen(seen), m_file(fileOf(request.name))
    {
        const std::string archive = archiveOf(m_file);
        if (!wait.readySuffix.empty())
            m_companion =
                (archive.empty() ? m_file : archive) + wait.readySuffix;
    }

    Status run()
    {
        std::optional<Clock::time_point> lastChance;
        while (!isCancelled())
        {
            const bool timeIsUp = m_wait.timeout && waited() >= *m_wait.timeout;
            const Step step =
                m_companion.empty() ? lookAtSlice() : lookForCompanion();
            if (step == Step::Open)
            {
                auto opened = m_open();
                if (opened ? isAsItWas()
                           : opened.kind() != Failure::Unavailable)
                    return opened;
                if (!opened)
                    m_missing = std::move(opened);
            }
            trace("waiting", m_missing.message());
            if (timeIsUp && (step != Step::HoldsStill ||
                             (lastChance && m_sighting.since > *lastChance)))
                return std::move(m_missing).suffixed(
                    "Waited " + inSeconds(waited()) + " for it.");
            if (timeIsUp && !lastChance)
                lastChance = Clock::now();
            pause(step, timeIsUp);
        }
        return Status(Failure::Interrupted,
                      "interrupted while waiting for slice '" + m_request.name +
                          "'.");
    }

  private:
    enum class Step
    {
        Missing,
        HoldsStill,  ///< so far: not for long enough
        Open
    };

    Step lookAtSlice()
    {
        const auto before = Clock::now();
        look();
        if (m_sighting.state.empty() && mustExist(m_file))
        {
            m_missing = unavailable(" does not exist" + linkedTo() + ".");
            return Step::Missing;
        }
        return before - m_sighting.since >= m_wait.pollInterval
                   ? Step::Open
                   : Step::HoldsStill;
    }

    void look()
    {
        const ScopedConfig configured(m_config);
        m_sighting =
            m_seen.note(m_file, stateOfSlice(m_file, m_wait.cancelled));
        m_missing = unavailable(
            " is still changing" + sizeSoFar() + ": the last change was seen " +
            inSeconds(Clock::now() - m_sighting.since) + " ago.");
    }

    Step lookForCompanion()
    {
        const ScopedConfig configured(m_config);
        const GdalMessages quiet;
        forgetCached(m_companion);
        if (mustExist(m_file) && !exists(m_file))
            m_missing = unavailable(" does not exist" + linkedTo() + ".");
        else if (!exists(m_companion))
            m_missing = unavailable(": its companion '" + m_companion +
                                    "' does not exist.");
        else
            return Step::Open;
        return Step::Missing;
    }

    /// Whether what was opened is what held still.
    bool isAsItWas()
    {
        if (!m_companion.empty())
            return true;
        const std::string before = m_sighting.state;
        look();
        return m_sighting.state == before;
    }

    void pause(Step step, bool timeIsUp) const
    {
        Seconds due = m_wait.pollInterval;
        if (step == Step::HoldsStill)
            due -= Clock::now() - m_sighting.since;
        if (m_wait.timeout && !timeIsUp)
            due = std::min(due, *m_wait.timeout - waited());
        due = std::max(due, shortestSleep);
        const auto started = Clock::now();
        while (!isCancelled())
        {
            const Seconds left = due - (Clock::now() - started);
            if (left <= Seconds(0))
                return;
            std::this_thread::sleep_for(std::min(left, longestSleep));
        }
    }

    bool isCancelled() const
    {
        return m_wait.cancelled && m_wait.cancelled();
    }

    Seconds waited() const
    {
        return Clock::now() - m_started;
    }

    Status unavailable(const std::string &what) const
    {
        return {Failure::Unavailable, "slice '" + m_request.name + "'" + what +
                                          " Nothing was written."};
    }

    std::string linkedTo() const
    {
        std::error_code none;
        const auto goal = std::filesystem::read_symlink(m_file, none);
        return none ? "" : " (it is a link to '" + goal.string() + "')";
    }

    std::string sizeSoFar() const
    {
        VSIStatBufL state;
        return VSIStatL(m_file.c_str(), &state) == 0 && VSI_ISREG(state.st_mode)
                   ? ", " + std::to_string(state.st_size) + " bytes so far"
                   : "";
    }

    const SliceRequest &m_request;
    const WaitRequest &m_wait;
    const CPLStringList &m_config;
    const std::function<Status()> &m_open;
    Sightings &m_seen;
    const std::string m_file;
    std::string m_companion{};  ///< "" if none is asked for
    const Clock::time_point m_started = Clock::now();
    Sightings::Sighting m_sighting{};
    Status m_missing{};
};

}  // namespace

Status openWhenComplete(const SliceRequest &request, const WaitRequest &wait,
                        const std::function<Status()> &open, Sightings *seen)
{
    if (request.dataset)
        return open();
    MDIMAPPEND_ASSIGN(const CPLStringList config,
                      configOf(request.name, request.config));
    Sightings own;
    return Wait(request, wait, config, open, seen ? *seen : own).run();
}

}  // namespace mdimappend
