// `gdal driver mdimappend status`: who holds the lock, what was appended last,
// what is pending, and what the target holds.

#include "append/report.h"
#include "append/target_summary.h"
#include "driver_algorithms.h"
#include "journal/log.h"
#include "left_objects_report.h"
#include "lock/lock.h"
#include "transaction/recovery.h"

#include <optional>
#include <set>

namespace mdimappend
{

namespace
{

const char *stateName(PendingTransaction::State state, bool underWay)
{
    switch (state)
    {
    case PendingTransaction::State::Open:
        return underWay ? "its parts are being written; commit or abort it"
                        : "its lease is over; the next run gives it up";
    case PendingTransaction::State::Planned:
        return underWay ? "under way" : "interrupted; the next run undoes it";
    case PendingTransaction::State::Decided:
        return underWay ? "decided, being applied"
                        : "decided; the next run finishes it";
    case PendingTransaction::State::Aborted:
        return "being undone; the next run goes on with it";
    case PendingTransaction::State::Finished:
        return "done or undone; only tidying is left";
    case PendingTransaction::State::Damaged:
        break;
    }
    return "damaged; a human has to look";
}

Result<TargetSummary> contentOf(const Writer &reader,
                                const std::optional<Json> &record)
{
    if (!reader.site.exists)
        return error("there is no store");
    return summaryOf(*reader.storage, reader.site,
                     record ? record->value("append_dim", "") : "");
}

}  // namespace

StatusAlgorithm::StatusAlgorithm()
    : DriverAlgorithm(NAME,
                      "Show who is appending to a target, what was appended "
                      "last, and what is pending. Changes nothing.")
{
    AddArg(
        "objects", 0,
        "List what no reader looks at, too: chunks beyond the shape, what is "
        "staged, old decisions",
        &m_objects);
}

Status StatusAlgorithm::act()
{
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(m_target, ""));
    MDIMAPPEND_RETURN_IF_ERROR(requireTarget(reader));
    MDIMAPPEND_ASSIGN(const auto lock, reader.peekLock());
    MDIMAPPEND_ASSIGN(const auto last,
                      lastSequence(*reader.storage, reader.site));
    MDIMAPPEND_ASSIGN(const auto record,
                      readLogRecord(*reader.storage, reader.site, last));
    MDIMAPPEND_ASSIGN(const auto transactions,
                      pending(*reader.storage, reader.site, lock.unsettled));
    Json list = Json::array();
    std::string text = lock.held ? "locked by " + lock.holder.describe() +
                                       (lock.leased ? " (a lease)\n" : "\n")
                                 : std::string("not locked\n");
    text += counted(last, "append") + " logged";
    if (record)
    {
        const auto range = labelRange(record->value("first_label", ""),
                                      record->value("last_label", ""));
        text += ", the last at " + record->value("time", "") +
                (range.empty() ? "" : ":" + range.substr(1));
    }
    text += "\n";
    for (const auto &each : transactions)
    {
        list.push_back({{"transaction", each.transaction},
                        {"state", stateName(each.state, lock.held)}});
        text += "pending: " + each.transaction + " (" +
                stateName(each.state, lock.held) + ")\n";
    }
    if (transactions.empty())
        text += "nothing pending\n";
    // What cannot be read now is no reason to say nothing of the rest.
    const auto summary = contentOf(reader, record);
    if (summary)
        text += toText(*summary);
    else if (reader.site.exists)
        text += "its arrays cannot be read: " +
                printableLine(summary.status().message()) + "\n";
    Json status = {
        {"target", m_target},
        {"exists", reader.site.exists},
        {"locked", lock.held},
        {"holder", lock.held ? Json(lock.holder.describe()) : Json()},
        {"leased", lock.leased},
        {"appends", last},
        {"last", record.value_or(Json())},
        {"content", summary ? toJson(*summary) : Json()},
        {"pending", list}};
    if (m_objects)
    {
        std::set<std::string> names;
        for (const auto &each : transactions)
            names.insert(each.transaction);
        MDIMAPPEND_ASSIGN(const auto left,
                          leftObjects(*reader.storage, reader.site, names));
        status["objects"] = objectsJson(left);
        text += objectsText(left);
    }
    m_outputString = m_json ? dumpJson(status, 2) + "\n" : text;
    return Status::ok();
}

}  // namespace mdimappend
