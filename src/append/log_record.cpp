// What the log says of the commits before goes into the next record, too.

#include "append/log_record.h"

#include "journal/member_hints.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

/// Where the chain of documents begins that this commit is part of; 0: that
/// cannot be known.
std::uint64_t chainFrom(const LoggedMember &member, std::uint64_t sequence)
{
    const auto &log = member.log;
    if (member.creates || log.isForeign)
        return sequence;
    return log.chainFrom > 0 ? log.chainFrom : log.target;
}

Json documentsOf(const LoggedMember &member, std::uint64_t sequence)
{
    Json documents = Json::object();
    if (!member.creates)
        documents["before"] = toJson(member.before);
    documents["after"] = toJson(member.after);
    if (const auto from = chainFrom(member, sequence); from > 0)
        documents["chain_from"] = from;
    return documents;
}

/// What appends have made of the group's attributes since the target was made:
/// of each that any of them changed its text now, and before the first change.
Json attributesOf(const LoggedMember &member)
{
    Json changed = member.creates ? Json::object() : member.log.attributes;
    if (member.creates || !member.attributesAfter.is_object())
        return changed;
    std::set<std::string> names;
    for (const auto *attributes :
         {&member.attributesBefore, &member.attributesAfter})
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
        const auto before = textIn(member.attributesBefore);
        const auto after = textIn(member.attributesAfter);
        if (before == after && !changed.contains(name))
            continue;
        if (!changed.contains(name))
            changed[name] = {{"first", before}};
        changed[name]["now"] = after;
    }
    return changed;
}

/// What the record says of it, in either version.
Json memberJson(const LoggedMember &member, std::uint64_t sequence)
{
    Json json = {{"group", member.group},
                 {"append_dim", member.appendDim},
                 {"zarr_format", member.format == ZarrFormat::V2 ? 2 : 3},
                 {"created_by", member.creates ? sequence : member.log.target},
                 {"first_row", member.firstRow},
                 {"rows", member.rows},
                 {"replaced_rows", member.replacedRows},
                 {"size", member.size},
                 {"labels_ordered", member.labelsOrdered},
                 {"first_label", member.firstLabel},
                 {"last_label", member.lastLabel},
                 {"documents", documentsOf(member, sequence)}};
    if (member.map)
        json["map"] = member.map->texts();
    if (auto attributes = attributesOf(member); !attributes.empty())
        json["attributes"] = std::move(attributes);
    json["slices"] = member.slices;
    if (!member.hasLabels)
        json["entries_from"] = !member.creates && member.log.entriesFrom > 0
                                   ? member.log.entriesFrom
                                   : sequence;
    return json;
}

/// Of those that the commit before has changed.
Json groupsLeftAlone(const LoggedCommit &commit)
{
    Json groups = Json::array();
    for (const auto &group : commit.members.front().log.lastGroups)
    {
        if (std::ranges::find(commit.members, group, &LoggedMember::group) ==
            commit.members.end())
            groups.push_back(group);
    }
    return groups;
}

}  // namespace

Json logRecordOf(const LoggedCommit &commit, std::uint64_t sequence)
{
    const auto &first = commit.members.front();
    Json record = {
        {"store_created_by", commit.createsStore ? sequence : first.log.store}};
    if (commit.members.size() == 1)
    {
        record.update(memberJson(first, sequence));
    }
    else
    {
        // Who knows version 1 alone finds the record damaged, and stops.
        record["rows"] = "of each member";
        for (const auto &member : commit.members)
            record["members"].push_back(memberJson(member, sequence));
    }
    if (auto groups = groupsLeftAlone(commit); !groups.empty())
        record[lastBefore] = std::move(groups);
    record["command"] = commit.command;
    record["message"] = commit.message;
    if (!commit.warnings.empty())
        record["warnings"] = commit.warnings;
    return record;
}

}  // namespace mdimappend
