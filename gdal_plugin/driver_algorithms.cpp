// What the verbs have in common, and those that set a sidecar right: `gdal
// driver mdimappend recover|log|unlock`.

#include "driver_algorithms.h"

#include "append/report.h"
#include "journal/log.h"
#include "journal/log_members.h"
#include "lock/lock.h"
#include "settings/settings.h"
#include "storage/target_name.h"
#include "trace.h"
#include "trace_listener.h"
#include "transaction/recovery.h"

#include <filesystem>

namespace mdimappend
{

namespace
{

/// What a commit did to one group.
std::string textOf(const Json &ofGroup, std::uint64_t sequence)
{
    std::string text;
    const auto from = ofGroup.value("first_label", "");
    const auto to = ofGroup.value("last_label", "");
    if (!from.empty())
        text += "  " + from + (from == to ? "" : " to " + to);
    for (const auto &slice : ofGroup.value("slices", Json::array()))
        text += "  " + slice.value("name", "");
    for (const auto &slice : ofGroup.value("part_slices", Json::array()))
        text += "  " + slice.value("name", "") + " (" +
                counted(slice.value("parts", 0), "part") + ")";
    const auto replaced = ofGroup.value("replaced_rows", std::uint64_t{0});
    if (replaced > 0)
        text += "  (replaced " + counted(replaced, "step") + ")";
    if (foundForeignChange(ofGroup, sequence))
        text += "  (another program had written the documents before)";
    return text;
}

std::string lineOf(std::uint64_t sequence, const Json &record)
{
    std::string line =
        std::to_string(sequence) + "  " + record.value("time", "");
    const auto members = membersOf(record);
    for (const auto *each : members)
    {
        const auto group = textMember(*each, "group");
        const bool isNamed = members.size() > 1 || !group.empty();
        line += (isNamed ? "  /" + group + ":" : std::string()) +
                textOf(*each, sequence);
    }
    if (record.value("overwrite", false))
        line += "  (a new target in place of the old one)";
    const auto message = record.value("message", "");
    return line + (message.empty() ? "" : "  " + message);
}

}  // namespace

DriverAlgorithm::DriverAlgorithm(const char *name, const char *description)
    : GDALAlgorithm(name, description, "")
{
    AddArg("target", 0, "The Zarr store", &m_target)
        .SetPositional()
        .SetRequired()
        .SetMetaVar("TARGET");
    AddArg("json", 0, "Report as JSON", &m_json);
    AddOutputStringArg(&m_outputString);
    AddArg("return-code", 0, "Exit status", &m_returnCode)
        .SetHiddenForCLI()
        .SetIsInput(false)
        .SetIsOutput(true);
}

bool DriverAlgorithm::RunImpl(GDALProgressFunc, void *)
{
    const TraceListener listener;
    m_returnCode = 1;
    trace(GetName(), "begins");
    Status done;
    try
    {
        done = readTarget();
        if (done)
            done = act();
    }
    catch (const std::exception &failure)
    {
        // Most of all, there is not enough memory.
        done = error("target '" + m_target + "': " + failure.what());
    }
    m_returnCode = exitStatus(done);
    m_outputString = printable(m_outputString);
    if (!done)
        CPLError(CE_Failure, CPLE_AppDefined, "%s", messageText(done).c_str());
    return static_cast<bool>(done);
}

Status DriverAlgorithm::readTarget()
{
    MDIMAPPEND_ASSIGN(m_target, targetPath(m_target));
    return Status::ok();
}

Status DriverAlgorithm::requireTarget(const Writer &writer) const
{
    if (writer.site.exists)
        return Status::ok();
    MDIMAPPEND_ASSIGN(const bool sidecar, writer.hasSidecar());
    if (sidecar)
        return Status::ok();
    std::error_code code;
    const bool isFolder = std::filesystem::is_directory(m_target, code);
    return isFolder ? error("target '" + m_target + "' is a folder ('" +
                            writer.site.store() +
                            "') in which there is no Zarr store: name the "
                            "store itself")
                    : error("target '" + m_target + "' does not exist");
}

RecoverAlgorithm::RecoverAlgorithm()
    : DriverAlgorithm(NAME, "Finish or undo what an interrupted append left, "
                            "as the next append would.")
{
    AddArg("set-aside", 0,
           "After a conflict: keep the store as it is now, and move the "
           "journals that cannot be followed to <sidecar>/set-aside/",
           &m_setAside);
    AddArg("lock", 0, "How writers exclude each other", &m_lock)
        .SetDefault(m_lock)
        .SetChoices("auto", "lease", "none");
    AddArg("lease", 0,
           "With --lock lease, how long this counts as alive after its last "
           "sign of life",
           &m_lease)
        .SetDefault(m_lease)
        .SetMetaVar("DURATION");
    AddArg("lock-timeout", 0, "How long to wait for a writer", &m_lockTimeout)
        .SetDefault(m_lockTimeout)
        .SetMetaVar("DURATION");
}

Status RecoverAlgorithm::act()
{
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(m_target, ""));
    MDIMAPPEND_RETURN_IF_ERROR(requireTarget(reader));
    WriterRequest request;
    request.target = m_target;
    request.command = "gdal driver mdimappend recover";
    Settings settings;
    MDIMAPPEND_RETURN_IF_ERROR(applySettings(
        {{"lock", m_lock}, {"lease", m_lease}, {"lock_timeout", m_lockTimeout}},
        "the command line", settings));
    request.lock = settings.options.lock;
    request.lease = settings.options.lease;
    request.lockTimeout = settings.options.lockTimeout;
    MDIMAPPEND_ASSIGN(const Writer writer, openForWriting(request));
    auto recovered = recover(*writer.storage, writer.site, *writer.lock, true);
    std::vector<std::string> aside;
    if (!recovered)
    {
        if (!m_setAside || recovered.status().kind() != Failure::Conflict)
            return recovered.takeStatus();
        MDIMAPPEND_ASSIGN(aside, setAside(*writer.storage, writer.site));
        recovered = RecoveryReport{};
    }
    if (m_json)
    {
        m_outputString = dumpJson({{"undone", recovered->undone},
                                   {"finished", recovered->redone},
                                   {"tidied", recovered->tidied},
                                   {"set_aside", aside}},
                                  2) +
                         "\n";
        return Status::ok();
    }
    for (const auto &name : recovered->undone)
        m_outputString += "undone: " + name + "\n";
    for (const auto &name : recovered->redone)
        m_outputString += "finished: " + name + "\n";
    for (const auto &name : recovered->tidied)
        m_outputString += "tidied: " + name + "\n";
    for (const auto &name : aside)
        m_outputString += "set aside: " + name + "\n";
    if (m_outputString.empty())
        m_outputString = "nothing to recover\n";
    return Status::ok();
}

LogAlgorithm::LogAlgorithm()
    : DriverAlgorithm(NAME, "List what was appended, latest first: to a "
                            "store, or to the group that is named.")
{
    AddArg("last", 0, "How many records (0: all)", &m_last)
        .SetMinValueIncluded(0)
        .SetDefault(10);
}

Status LogAlgorithm::act()
{
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(m_target, ""));
    MDIMAPPEND_RETURN_IF_ERROR(requireTarget(reader));
    MDIMAPPEND_ASSIGN(const auto last,
                      lastSequence(*reader.storage, reader.site));
    const auto count = static_cast<std::uint64_t>(m_last);
    Json records = Json::array();
    for (auto sequence = last;
         sequence > 0 && (count == 0 || records.size() < count); --sequence)
    {
        MDIMAPPEND_ASSIGN(
            const auto record,
            readLogRecord(*reader.storage, reader.site, sequence));
        if (!record)
            break;
        const auto &group = reader.site.group;
        if (!group.empty() && !memberOf(*record, group))
            continue;
        records.push_back(*record);
        // Nobody's name or message makes a line of its own.
        m_outputString += printableLine(lineOf(sequence, *record)) + "\n";
    }
    if (m_json)
        m_outputString = dumpJson(records, 2) + "\n";
    return Status::ok();
}

UnlockAlgorithm::UnlockAlgorithm()
    : DriverAlgorithm(NAME, "End the lease of a writer that is gone; for a "
                            "kernel lock, say who holds it and what frees it.")
{
}

Status UnlockAlgorithm::act()
{
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(m_target, ""));
    MDIMAPPEND_RETURN_IF_ERROR(requireTarget(reader));
    MDIMAPPEND_ASSIGN(const auto lock, reader.peekLock());
    if (lock.held && lock.leased)
    {
        MDIMAPPEND_RETURN_IF_ERROR(reader.endLease().takeStatus());
        m_outputString = "ended the lease of " + lock.holder.describe() +
                         ". If it is still at work, it finds out before it "
                         "commits anything.\n";
        return Status::ok();
    }
    if (lock.held)
        return {Failure::Locked,
                "'" + reader.site.lock() + "' is held by " +
                    lock.holder.describe() +
                    ". A local lock is the kernel's and goes with its process: "
                    "end that process (even a stopped one), and the lock is "
                    "free. Nothing was changed."};
    m_outputString = "not locked: no process holds '" + reader.site.lock() +
                     "'; the next append can start\n";
    return Status::ok();
}

}  // namespace mdimappend
