// The report of a run as JSON and as lines for a terminal.

#include "append/report.h"

#include "secrets.h"

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
    case SliceReport::Outcome::NotTried:
        return "not tried";
    case SliceReport::Outcome::Failed:
        break;
    }
    return "failed";
}

Json toJson(const SliceReport &slice)
{
    Json json = {{"slice", slice.slice},
                 {"outcome", outcomeName(slice.outcome)}};
    if (slice.outcome == SliceReport::Outcome::NotTried)
        return json;
    if (slice.outcome == SliceReport::Outcome::Failed)
    {
        json["exit_status"] = exitStatus(slice.status);
        json["message"] = slice.status.message();
        return json;
    }
    json["first_row"] = slice.firstRow;
    json["rows"] = slice.rows;
    json["rows_replaced"] = slice.rowsReplaced;
    json["rows_already_there"] = slice.rowsAlreadyThere;
    json["first_label"] = slice.firstLabel;
    json["last_label"] = slice.lastLabel;
    json["created"] = slice.created;
    json["sequence"] = slice.sequence;
    json["chunks"] = slice.chunks;
    json["bytes"] = slice.bytes;
    json["altered_values"] = slice.alteredValues;
    json["largest_rounding"] = slice.roundings;
    json["seconds"] = slice.seconds;
    for (const auto &each : slice.groups)
        json["groups"].push_back(
            {{"group", each.group},
             {"first_row", each.firstRow},
             {"rows", each.rows},
             {"rows_replaced", each.rowsReplaced},
             {"rows_already_there", each.rowsAlreadyThere}});
    if (!slice.plan.is_null())
        json["plan"] = slice.plan;
    return json;
}

/// A few groups: the report has all.
std::string groupsText(const std::vector<SliceReport::Group> &groups)
{
    constexpr std::size_t most = 4;
    if (groups.empty())
        return {};
    std::string text = ", in " + counted(groups.size(), "group") + " (";
    for (std::size_t i = 0; i < std::min(groups.size(), most); ++i)
        text += (i == 0 ? "/" : ", /") + groups[i].group;
    return text + (groups.size() > most ? ", ...)" : ")");
}

/// A few arrays: the report has all.
std::string roundingText(const std::map<std::string, double> &roundings)
{
    constexpr std::size_t most = 3;
    std::string text;
    std::size_t told = 0;
    for (const auto &[array, largest] : roundings)
    {
        if (++told > most)
            return text + ", and " +
                   counted(roundings.size() - most, "other array");
        text += (told == 1 ? ", rounded '" : ", '") + array +
                std::format("' by up to {:.3g}", largest);
    }
    return text;
}

/// What is wrong, without the name of the slice that the line begins with.
std::string withoutSlice(const std::string &message, const std::string &slice)
{
    const auto name = "slice '" + slice + "'";
    if (!message.starts_with(name))
        return message;
    const auto rest = message.find_first_not_of(" ,:", name.size());
    return rest == message.npos ? message : message.substr(rest);
}

/// In front of a colon, which must not look like a part of an address.
std::string nameInLine(const std::string &slice)
{
    const auto name = printableLine(slice);
    return name.find("://") == name.npos ? name : "'" + name + "'";
}

/// The end of the slices from `first` on that were in before.
std::size_t endOfThere(const std::vector<SliceReport> &slices,
                       std::size_t first)
{
    auto end = first;
    while (end < slices.size() &&
           slices[end].outcome == SliceReport::Outcome::AlreadyThere)
        ++end;
    return end;
}

/// Several slices that were in before, in one line.
std::string thereText(const std::vector<SliceReport> &slices, std::size_t first,
                      std::size_t end, const std::string &appendDim)
{
    std::uint64_t steps = 0;
    for (auto i = first; i < end; ++i)
        steps += slices[i].rowsAlreadyThere;
    return printableLine(slices[first].slice) + " to " +
           printableLine(slices[end - 1].slice) + " (" +
           std::to_string(end - first) + " slices): " + counted(steps, "step") +
           " of " + appendDim + " already there" +
           labelRange(slices[first].firstLabel, slices[end - 1].lastLabel) +
           "\n";
}

/// Of --dry-run: what would be written, an array a line.
std::string planText(const Json &plan)
{
    std::string text;
    for (const auto &array : member(plan, "arrays"))
    {
        std::string chunk;
        for (const auto &size : member(array, "chunk"))
            chunk += (chunk.empty() ? "" : "x") + dumpJson(size, -1);
        const auto added = array.value("chunks_added", std::uint64_t{0});
        const auto replaced = array.value("chunks_replaced", std::uint64_t{0});
        text += "  " + array.value("path", "") + ": " +
                counted(added, "new chunk") +
                (chunk.empty() ? "" : " of " + chunk) +
                (replaced > 0 ? ", " + std::to_string(replaced) + " replaced"
                              : "") +
                ", " + sizeText(array.value("bytes_uncompressed", 0.0)) + "\n";
    }
    return text + "  " + counted(member(plan, "documents").size(), "document") +
           "; " + counted(plan.value("objects", std::uint64_t{0}), "object") +
           " in all, " + sizeText(plan.value("bytes_uncompressed", 0.0)) +
           " uncompressed\n";
}

}  // namespace

std::string sizeText(double size)
{
    static constexpr const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (size >= 1024 && unit + 1 < std::size(units))
    {
        size /= 1024;
        ++unit;
    }
    return unit == 0 ? std::format("{:.0f} {}", size, units[unit])
                     : std::format("{:.1f} {}", size, units[unit]);
}

std::string counted(std::uint64_t count, const std::string &noun)
{
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string labelRange(const std::string &first, const std::string &last)
{
    if (first.empty())
        return {};
    return ", " + printableLine(first) +
           (first == last ? "" : " to " + printableLine(last));
}

int exitStatus(const Status &status)
{
    if (status)
        return 0;
    switch (status.kind())
    {
    case Failure::Usage:
        return 2;
    case Failure::Locked:
    case Failure::TryAgain:
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

std::string toText(const RecoveryReport &recovered)
{
    std::string text;
    for (const auto &name : recovered.undone)
        text += "recovered: an interrupted append was undone (" + name + ")\n";
    for (const auto &name : recovered.redone)
        text += "recovered: a decided append was finished (" + name + ")\n";
    return text;
}

std::string toText(const SliceReport &slice, const std::string &appendDim)
{
    using Outcome = SliceReport::Outcome;
    std::string text = nameInLine(slice.slice) + ": ";
    if (slice.outcome == Outcome::Failed)
        return text + "failed: " +
               printableLine(
                   withoutSlice(slice.status.message(), slice.slice)) +
               "\n";
    if (slice.outcome == Outcome::NotTried)
        return text + "not tried\n";
    const bool isThere = slice.outcome == Outcome::AlreadyThere;
    const bool onlyReplaces = slice.rows == 0 && slice.rowsReplaced > 0;
    const auto rows = isThere        ? slice.rowsAlreadyThere
                      : onlyReplaces ? slice.rowsReplaced
                                     : slice.rows;
    const auto steps = counted(rows, "step") + " of " + appendDim;
    if (isThere)
        text += steps + " already there";
    else if (onlyReplaces)
        text += (slice.outcome == Outcome::WouldAppend ? "would replace "
                                                       : "replaced ") +
                steps;
    else
        text += outcomeName(slice.outcome) + (" " + steps);
    if (slice.rowsReplaced > 0 && !onlyReplaces)
        text += " and replaced " + std::to_string(slice.rowsReplaced);
    text += labelRange(slice.firstLabel, slice.lastLabel);
    text += groupsText(slice.groups);
    if (slice.created)
        text += ", to a new target";
    if (slice.outcome == Outcome::Appended)
        text += " (" + counted(slice.chunks, "chunk") + ", " +
                sizeText(static_cast<double>(slice.bytes)) + ")";
    if (slice.alteredValues > 0)
        text += ", changed " + counted(slice.alteredValues, "value") +
                " that did not fit";
    text += roundingText(slice.roundings);
    return text + "\n" + (slice.plan.is_null() ? "" : planText(slice.plan));
}

std::string summaryOf(const Report &report)
{
    using Outcome = SliceReport::Outcome;
    // What is said of a single slice says it all.
    if (report.slices.size() < 2)
        return "";
    std::string parts;
    const auto add = [&](Outcome outcome, auto SliceReport::*steps)
    {
        std::uint64_t slices = 0;
        std::uint64_t sum = 0;
        for (const auto &slice : report.slices)
        {
            slices += slice.outcome == outcome ? 1 : 0;
            sum += slice.outcome == outcome ? slice.*steps : 0;
        }
        if (slices == 0)
            return;
        parts += (parts.empty() ? "" : ", ") + std::to_string(slices) + " " +
                 outcomeName(outcome);
        if (sum > 0)
            parts +=
                " (" + counted(sum, "step") + " of " + report.appendDim + ")";
    };
    add(Outcome::Appended, &SliceReport::rows);
    add(Outcome::WouldAppend, &SliceReport::rows);
    add(Outcome::AlreadyThere, &SliceReport::rowsAlreadyThere);
    add(Outcome::Failed, &SliceReport::rows);
    add(Outcome::NotTried, &SliceReport::rows);
    return counted(report.slices.size(), "slice") + ": " + parts + "\n";
}

std::string toText(const Report &report, bool verbose)
{
    const auto &slices = report.slices;
    std::string text = toText(report.recovery);
    for (std::size_t i = 0; i < slices.size();)
    {
        const auto end = verbose ? i : endOfThere(slices, i);
        if (end > i + 1)
        {
            text += thereText(slices, i, end, report.appendDim);
            i = end;
            continue;
        }
        // Why a slice failed is an error message besides.
        text += slices[i].outcome == SliceReport::Outcome::Failed
                    ? nameInLine(slices[i].slice) + ": failed\n"
                    : toText(slices[i], report.appendDim);
        ++i;
    }
    return text + summaryOf(report);
}

std::string messageText(const Status &status)
{
    constexpr std::size_t longest = 4000;
    auto text = printableLine(status.message());
    if (text.size() <= longest)
        return text;
    const auto isInside = [&](std::size_t at)
    { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
    // The beginning says what it is about, the end what state things are in.
    std::size_t first = longest / 2;
    std::size_t last = text.size() - longest / 2;
    while (isInside(first))
        --first;
    while (isInside(last))
        ++last;
    return text.substr(0, first) + " ... " + text.substr(last);
}

std::string printable(std::string_view text)
{
    std::string shown;
    for (const char c : textWithoutSecrets(std::string(text)))
    {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f)
            shown += std::format("\\x{:02x}", byte);
        else
            shown += c;
    }
    return shown;
}

std::string printableLine(std::string_view text)
{
    std::string line;
    for (const char c : printable(text))
        line += c == '\n' ? "\\n" : std::string(1, c);
    return line;
}

}  // namespace mdimappend
