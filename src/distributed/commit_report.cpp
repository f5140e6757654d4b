// The report as JSON and as text, and out of a log record.

#include "distributed/commit_report.h"

namespace mdimappend
{

CommitReport reportOf(const Json &record)
{
    CommitReport report;
    report.finished = true;
    report.isRegion = countMember(record, "replaced_rows") > 0;
    report.sequence = countMember(record, "sequence");
    report.created = countMember(record, "created_by") == report.sequence;
    report.appendDim = textMember(record, "append_dim");
    report.firstRow = countMember(record, "first_row");
    report.rows =
        countMember(record, report.isRegion ? "replaced_rows" : "rows");
    report.firstLabel = textMember(record, "first_label");
    report.lastLabel = textMember(record, "last_label");
    report.parts = countMember(record, "parts");
    report.chunks = countMember(record, "chunks");
    report.bytes = countMember(record, "bytes");
    return report;
}

Json toJson(const CommitReport &report)
{
    return {{"outcome", report.dryRun     ? "complete"
                        : report.isRegion ? "written"
                                          : "appended"},
            {"region", report.isRegion},
            {"created", report.created},
            {"finished", report.finished},
            {"append_dim", report.appendDim},
            {"first_row", report.firstRow},
            {"rows", report.rows},
            {"first_label", report.firstLabel},
            {"last_label", report.lastLabel},
            {"parts", report.parts},
            {"chunks", report.chunks},
            {"bytes", report.bytes},
            {"altered_values", report.alteredValues},
            {"ignored_static", report.ignoredStatic},
            {"largest_rounding", report.roundings},
            {"sequence", report.sequence}};
}

std::string toText(const CommitReport &report)
{
    std::string text = report.dryRun     ? "complete: "
                       : report.isRegion ? "wrote "
                                         : "appended ";
    text += std::to_string(report.rows) +
            (report.rows == 1 ? " step" : " steps") + " of " + report.appendDim;
    if (!report.firstLabel.empty())
        text +=
            ", " + report.firstLabel +
            (report.lastLabel == report.firstLabel ? std::string()
                                                   : " to " + report.lastLabel);
    if (report.created)
        text += ", to a new target";
    if (report.finished)
        return text + " (it had been decided before)\n";
    return text + " (" + std::to_string(report.parts) +
           (report.parts == 1 ? " part, " : " parts, ") +
           std::to_string(report.chunks) + " chunks)\n";
}

}  // namespace mdimappend
