// Rows and labels for everybody, chunks and documents for whoever asks.

#include "append/plan_report.h"

#include "chunks/planned_arrays.h"
#include "secrets.h"
#include "trace.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

void describe(const AppendPlan &plan, SliceReport &report)
{
    report.firstRow = plan.firstRow;
    report.rows = plan.rows;
    report.rowsReplaced = plan.replacedRows;
    report.rowsAlreadyThere = plan.rowsAlreadyThere;
    report.firstLabel = plan.firstLabel;
    report.lastLabel = plan.lastLabel;
    report.created = plan.create;
}

}  // namespace

void describe(const OfferPlan &plan, const Offer &offer, SliceReport &report)
{
    const auto brings = [](const AppendPlan &part) { return !part.isEmpty(); };
    const auto first = std::ranges::find_if(plan.parts, brings);
    describe(first == plan.parts.end() ? plan.parts.front() : *first, report);
    report.groups.clear();
    for (std::size_t i = 0; offer.hasGroups() && i < plan.parts.size(); ++i)
    {
        const auto &part = plan.parts[i];
        report.groups.push_back({offer.parts[i].group, part.firstRow, part.rows,
                                 part.replacedRows, part.rowsAlreadyThere});
    }
}

Json toJson(const Intent &intent)
{
    std::uint64_t objects = intent.order.size();
    double bytes = 0;
    Json arrays = Json::array();
    for (const auto &array : intent.arrays)
    {
        const auto &document = array.document;
        const auto added = countChunks(array.planned.added);
        const auto replaced = countChunks(array.planned.replaced);
        const double size = uncompressedBytes(array);
        arrays.push_back({{"path", document.path},
                          {"chunk", document.chunk},
                          {"chunks_added", added},
                          {"chunks_replaced", replaced},
                          {"bytes_uncompressed", size}});
        objects += added + replaced;
        bytes += size;
    }
    return {{"arrays", arrays},
            {"documents", intent.order},
            {"objects", objects},
            {"bytes_uncompressed", bytes}};
}

void tracePlan(const AppendPlan &plan, const std::string &slice)
{
    if (!isTraced())
        return;
    const auto who = "slice '" + withoutSecrets(slice) + "'";
    trace(who, "planned: ", plan.rows, " new rows from ", plan.firstRow,
          " on, ", plan.replacedRows, " replaced, ", plan.rowsAlreadyThere,
          " there already", plan.create ? ", to a new target" : "",
          plan.needsCommit ? ", once the commit's own rows are in" : "");
    for (const auto &array : plan.intent.arrays)
        trace(who, "array '", array.document.path,
              "': ", countChunks(array.planned.added), " chunks added, ",
              countChunks(array.planned.replaced), " replaced");
}

}  // namespace mdimappend
