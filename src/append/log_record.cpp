// What the log says of the commits before goes into the next record, too.

#include "append/log_record.h"

#include "zarr/document_key.h"

#include <set>

namespace mdimappend
{

namespace
{

/// Where the chain of documents begins that this commit is part of; 0: that
/// cannot be known.
std::uint64_t chainFrom(const LoggedAppend &append, const Creation &log,
                        std::uint64_t sequence)
{
    if (append.creates || log.isForeign)
        return sequence;
    return log.chainFrom > 0 ? log.chainFrom : log.target;
}

Json documentsOf(const LoggedAppend &append, const Creation &log,
                 std::uint64_t sequence)
{
    Json documents = Json::object();
    if (!append.creates)
        documents["before"] = toJson(append.before);
    auto after = toJson(append.after);
    // The file that will be there has no time stamp yet.
    if (!append.after.stamped.empty())
        after["stamped"] = append.after.stamped;
    documents["after"] = std::move(after);
    if (const auto from = chainFrom(append, log, sequence); from > 0)
        documents["chain_from"] = from;
    return documents;
}

/// What appends have made of the group's attributes since the target was made:
/// of each that any of them changed its text now, and before the first change.
Json attributesOf(const LoggedAppend &append, const Creation &log)
{
    Json changed = append.creates ? Json::object() : log.attributes;
    if (append.creates || !append.attributesAfter.is_object())
        return changed;
    std::set<std::string> names;
    for (const auto *attributes :
         {&append.attributesBefore, &append.attributesAfter})
        for (const auto &[name, value] : attributes->items())
            names.insert(name);
    for (const auto &name : names)
    {
        const auto textIn = [&](const Json &attributes)
        {
            return attributes.contains(name)
                       ? Json(dumpJson(attributes.at(name), -1))
                       : Json();
        };
        const auto before = textIn(append.attributesBefore);
        const auto after = textIn(append.attributesAfter);
        if (before == after && !changed.contains(name))
            continue;
        if (!changed.contains(name))
            changed[name] = {{"first", before}};
        changed[name]["now"] = after;
    }
    return changed;
}

}  // namespace

Json logRecordOf(const LoggedAppend &append, const Creation &log,
                 const Site &site, std::uint64_t sequence)
{
    const auto madeBy = [&](bool creates, std::uint64_t known)
    { return creates ? sequence : known; };
    Json record = {{"group", site.group},
                   {"append_dim", append.appendDim},
                   {"zarr_format", append.format == ZarrFormat::V2 ? 2 : 3},
                   {"store_created_by", madeBy(append.createsStore, log.store)},
                   {"created_by", madeBy(append.creates, log.target)},
                   {"first_row", append.firstRow},
                   {"rows", append.rows},
                   {"replaced_rows", append.replacedRows},
                   {"size", append.size},
                   {"labels_ordered", append.labelsOrdered},
                   {"first_label", append.firstLabel},
                   {"last_label", append.lastLabel},
                   {"documents", documentsOf(append, log, sequence)}};
    if (append.map)
        record["map"] = append.map->texts();
    if (auto attributes = attributesOf(append, log); !attributes.empty())
        record["attributes"] = std::move(attributes);
    record["slices"] = append.slices;
    record["command"] = append.command;
    record["message"] = append.message;
    if (!append.warnings.empty())
        record["warnings"] = append.warnings;
    if (!append.hasLabels)
        record["entries_from"] =
            !append.creates && log.entriesFrom > 0 ? log.entriesFrom : sequence;
    return record;
}

}  // namespace mdimappend
