// Reads a target as an append would, and puts it into words.

#include "append/target_summary.h"

#include "append/logged_slices.h"
#include "append/report.h"
#include "cube/target_documents.h"
#include "guards/target_values.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

TargetSummary::Array describedArray(const TargetArray &array)
{
    const auto &document = array.document;
    TargetSummary::Array told{array.name, document.dimensions, document.shape,
                              document.dataType.name,
                              static_cast<double>(document.dataType.size)};
    for (const auto size : document.shape)
        told.bytes *= static_cast<double>(size);
    return told;
}

Status readRange(Storage &storage, const Site &site, const Target &target,
                 TargetSummary &summary)
{
    if (!target.labels() || target.size == 0)
        return Status::ok();
    TargetValues values(site, storage, target);
    MDIMAPPEND_ASSIGN(const auto first, values.labels(0, 1));
    MDIMAPPEND_ASSIGN(const auto last,
                      values.labels(target.size - 1, target.size));
    summary.firstLabel = first.describe(0);
    summary.lastLabel = last.describe(0);
    return Status::ok();
}

std::string shapeText(const TargetSummary::Array &array)
{
    std::string text;
    for (std::size_t i = 0; i < array.shape.size(); ++i)
        text += (i == 0 ? "" : ", ") +
                (i < array.dimensions.size() && !array.dimensions[i].empty()
                     ? array.dimensions[i] + " "
                     : "") +
                std::to_string(array.shape[i]);
    return "(" + text + ")";
}

}  // namespace

Result<TargetSummary> summaryOf(Storage &storage, const Site &site,
                                const std::string &appendDim)
{
    MDIMAPPEND_ASSIGN(const auto target, readTarget(storage, site, appendDim));
    TargetSummary summary;
    summary.appendDim = target.appendDim;
    summary.steps = target.size;
    MDIMAPPEND_ASSIGN(const auto documents,
                      storedDocuments(storage, site, target));
    MDIMAPPEND_ASSIGN(const auto log, creationOf(storage, site, documents));
    summary.isForeign = log.isForeign;
    for (const bool grows : {true, false})
    {
        for (const auto &array : target.arrays)
        {
            if (array.axis.has_value() == grows)
                summary.arrays.push_back(describedArray(array));
        }
    }
    MDIMAPPEND_RETURN_IF_ERROR(readRange(storage, site, target, summary));
    return summary;
}

std::string toText(const TargetSummary &summary)
{
    std::string text;
    if (!summary.appendDim.empty())
        text = counted(summary.steps, "step") + " of " + summary.appendDim +
               labelRange(summary.firstLabel, summary.lastLabel) + "\n";
    if (summary.isForeign)
        text += "another program has written the documents since the last "
                "append\n";
    for (const auto &array : summary.arrays)
        text += "  " + printableLine(array.name) + ": " + array.type + " " +
                printableLine(shapeText(array)) + ", " + sizeText(array.bytes) +
                "\n";
    return text;
}

Json toJson(const TargetSummary &summary)
{
    Json arrays = Json::array();
    for (const auto &array : summary.arrays)
        arrays.push_back({{"name", array.name},
                          {"dimensions", array.dimensions},
                          {"shape", array.shape},
                          {"type", array.type},
                          {"bytes_uncompressed", array.bytes}});
    return {{"append_dim", summary.appendDim},
            {"steps", summary.steps},
            {"first_label", summary.firstLabel},
            {"last_label", summary.lastLabel},
            {"written_by_others", summary.isForeign},
            {"arrays", arrays}};
}

}  // namespace mdimappend
