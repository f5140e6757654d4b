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

std::string plural(std::uint64_t count, const std::string &noun)
{
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
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
    if (!slice.plan.is_null())
        json["plan"] = slice.plan;
    return json;
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
                   plural(roundings.size() - most, "other array");
        text += (told == 1 ? ", rounded '" : ", '") + array +
                std::format("' by up to {:.3g}", largest);
    }
    return text;
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
                plural(added, "new chunk") +
                (chunk.empty() ? "" : " of " + chunk) +
                (replaced > 0 ? ", " + std::to_string(replaced) + " replaced"
                              : "") +
                ", " + sizeText(array.value("bytes_uncompressed", 0.0)) + "\n";
    }
    return text + "  " + plural(member(plan, "documents").size(), "document") +
           "; " + plural(plan.value("objects", std::uint64_t{0}), "object") +
           " in all, " + sizeText(plan.value("bytes_uncompressed", 0.0)) +
           " uncompressed\n";
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
    std::string text = slice.slice + ": ";
    if (slice.outcome == Outcome::Failed)
        return text + "failed: " + slice.status.message() + "\n";
    if (slice.outcome == Outcome::NotTried)
        return text + "not tried\n";
    const bool isThere = slice.outcome == Outcome::AlreadyThere;
    const bool onlyReplaces = slice.rows == 0 && slice.rowsReplaced > 0;
    const auto rows = isThere        ? slice.rowsAlreadyThere
                      : onlyReplaces ? slice.rowsReplaced
                                     : slice.rows;
    const auto steps = plural(rows, "step") + " of " + appendDim;
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
    if (!slice.firstLabel.empty())
        text += slice.firstLabel == slice.lastLabel
                    ? ", " + slice.firstLabel
                    : ", " + slice.firstLabel + " to " + slice.lastLabel;
    if (slice.created)
        text += ", to a new target";
    if (slice.outcome == Outcome::Appended)
        text += " (" + plural(slice.chunks, "chunk") + ", " +
                sizeText(static_cast<double>(slice.bytes)) + ")";
    if (slice.alteredValues > 0)
        text += ", changed " + plural(slice.alteredValues, "value") +
                " that did not fit";
    text += roundingText(slice.roundings);
    return text + "\n" + (slice.plan.is_null() ? "" : planText(slice.plan));
}

std::string toText(const Report &report)
{
    std::string text = toText(report.recovery);
    // Why a slice failed is an error message besides.
    for (const auto &slice : report.slices)
        text += slice.outcome == SliceReport::Outcome::Failed
                    ? slice.slice + ": failed\n"
                    : toText(slice, report.appendDim);
    return text;
}

std::string messageText(const Status &status)
{
    constexpr std::size_t longest = 4000;
    auto text = printable(status.message());
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

}  // namespace mdimappend
