#include "append/report.h"

#include <format>

namespace mdimappend
{

namespace
{

const char *outcomeName(SliceReport::Outcome outcome)
{
    switch (outcome)
    {
    case SliceReport::Outcome::Appended:
        return "appended";
    case SliceReport::Outcome::AlreadyThere:
        return "already there";
    case SliceReport::Outcome::WouldAppend:
        return "would append";
    case SliceReport::Outcome::Failed:
        break;
    }
    return "failed";
}

std::string sizeText(std::uint64_t bytes)
{
    static constexpr const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double size = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (size >= 1024 && unit + 1 < std::size(units))
    {
        size /= 1024;
        ++unit;
    }
    return unit == 0 ? std::format("{:.0f} {}", size, units[unit])
                     : std::format("{:.1f} {}", size, units[unit]);
}

std::string plural(std::uint64_t count, const std::string &noun)
{
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

Json toJson(const SliceReport &slice)
{
    Json json = {{"slice", slice.slice},
                 {"outcome", outcomeName(slice.outcome)}};
    if (slice.outcome == SliceReport::Outcome::Failed)
    {
        json["exit_status"] = exitStatus(slice.status);
        json["message"] = slice.status.message();
        return json;
    }
    json["first_row"] = slice.firstRow;
    json["rows"] = slice.rows;
    json["rows_already_there"] = slice.rowsAlreadyThere;
    json["first_label"] = slice.firstLabel;
    json["last_label"] = slice.lastLabel;
    json["created"] = slice.created;
    json["sequence"] = slice.sequence;
    json["chunks"] = slice.chunks;
    json["bytes"] = slice.bytes;
    json["seconds"] = slice.seconds;
    if (!slice.plan.is_null())
        json["plan"] = slice.plan;
    return json;
}

}  // namespace

int exitStatus(const Status &status)
{
    if (status)
        return 0;
    switch (status.kind())
    {
    case Failure::Usage:
        return 2;
    case Failure::Locked:
        return 3;
    case Failure::Unavailable:
        return 4;
    case Failure::Refused:
        return 5;
    case Failure::Error:
    case Failure::Conflict:
    case Failure::Unknown:
    case Failure::Interrupted:
        break;
    }
    return 1;
}

Json toJson(const Report &report)
{
    Json slices = Json::array();
    for (const auto &slice : report.slices)
        slices.push_back(toJson(slice));
    return {{"target", report.target},
            {"append_dim", report.appendDim},
            {"exit_status", exitStatus(report.status)},
            {"message", report.status.message()},
            {"recovered",
             {{"undone", report.recovery.undone},
              {"finished", report.recovery.redone}}},
            {"warnings", report.warnings},
            {"slices", slices}};
}

std::string toText(const Report &report)
{
    std::string text;
    for (const auto &name : report.recovery.undone)
        text += "recovered: an interrupted append was undone (" + name + ")\n";
    for (const auto &name : report.recovery.redone)
        text += "recovered: a decided append was finished (" + name + ")\n";
    for (const auto &slice : report.slices)
    {
        text += slice.slice + ": " + outcomeName(slice.outcome);
        if (slice.outcome == SliceReport::Outcome::Failed)
        {
            text += "\n";
            continue;
        }
        const auto rows = slice.outcome == SliceReport::Outcome::AlreadyThere
                              ? slice.rowsAlreadyThere
                              : slice.rows;
        text += " " + plural(rows, "step") + " of " + report.appendDim;
        if (!slice.firstLabel.empty())
            text += rows == 1
                        ? ", " + slice.firstLabel
                        : ", " + slice.firstLabel + " to " + slice.lastLabel;
        if (slice.outcome == SliceReport::Outcome::Appended)
            text += slice.created ? ", to a new target" : "";
        if (slice.outcome == SliceReport::Outcome::Appended)
            text += " (" + plural(slice.chunks, "chunk") + ", " +
                    sizeText(slice.bytes) + ")";
        text += "\n";
    }
    return text;
}

}  // namespace mdimappend
