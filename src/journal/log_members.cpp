// One form for both versions: whoever reads the log asks for a group's member.

#include "journal/log_members.h"

#include "journal/member_hints.h"

#include <algorithm>
#include <initializer_list>

namespace mdimappend
{

namespace
{

template <class IsKind>
bool areAll(const Json &record, std::initializer_list<const char *> names,
            IsKind isKind)
{
    for (const char *name : names)
    {
        const auto found = record.find(name);
        if (found != record.end() && !isKind(*found))
            return false;
    }
    return true;
}

bool isText(const Json &value)
{
    return value.is_string();
}

bool isYesOrNo(const Json &value)
{
    return value.is_boolean();
}

bool areTexts(const Json &value)
{
    return value.is_array() && std::ranges::all_of(value, isText);
}

bool isSlice(const Json &slice)
{
    return slice.is_object() &&
           areAll(slice, {"name", "path", "state", "read_as", "labels"},
                  isText) &&
           areAll(slice, {"first_row", "rows", "parts"}, isCount);
}

bool areSlices(const Json &slices)
{
    return slices.is_null() ||
           (slices.is_array() && std::ranges::all_of(slices, isSlice));
}

bool isMember(const Json &member)
{
    return member.is_object() &&
           areAll(member, {"group", "append_dim", "first_label", "last_label"},
                  isText) &&
           areAll(member,
                  {"created_by", "first_row", "rows", "replaced_rows",
                   "entries_from", "size"},
                  isCount) &&
           areAll(member, {"labels_ordered"}, isYesOrNo) &&
           areAll(member, {"documents"},
                  [](const Json &value) { return value.is_object(); }) &&
           areSlices(mdimappend::member(member, "slices")) &&
           areSlices(mdimappend::member(member, "part_slices"));
}

bool hasMembers(const Json &record)
{
    return textMember(record, "format") == logVersion2;
}

template <class AnyJson> std::vector<AnyJson *> membersIn(AnyJson &record)
{
    if (!hasMembers(record))
        return {&record};
    std::vector<AnyJson *> members;
    for (auto &each : record.at("members"))
        members.push_back(&each);
    return members;
}

/// A group has one member at most.
bool areMembers(const Json &members)
{
    if (!members.is_array() || members.empty())
        return false;
    std::vector<std::string> groups;
    for (const auto &each : members)
    {
        if (!isMember(each) || !member(each, "group").is_string())
            return false;
        groups.push_back(textMember(each, "group"));
    }
    std::ranges::sort(groups);
    return std::ranges::adjacent_find(groups) == groups.end();
}

}  // namespace

std::vector<const Json *> membersOf(const Json &record)
{
    return membersIn(record);
}

std::vector<Json *> membersOf(Json &record)
{
    return membersIn(record);
}

const Json *memberOf(const Json &record, const std::string &group)
{
    const auto members = membersOf(record);
    const auto found =
        std::ranges::find_if(members, [&](const Json *each)
                             { return textMember(*each, "group") == group; });
    return found == members.end() ? nullptr : *found;
}

bool foundForeignChange(const Json &ofGroup, std::uint64_t sequence)
{
    return countMember(ofGroup, "created_by") != sequence &&
           countMember(member(ofGroup, "documents"), "chain_from") == sequence;
}

bool isLogRecord(const Json &record)
{
    if (!record.is_object() ||
        !areAll(record, {"format", "transaction", "time", "command", "message"},
                isText) ||
        !areAll(record, {"sequence", "store_created_by", "chunks", "bytes"},
                isCount) ||
        !areAll(record, {"overwrite"}, isYesOrNo) ||
        !areAll(record, {lastBefore}, areTexts))
        return false;
    const auto format = textMember(record, "format");
    if (format == logVersion2)
        return areMembers(member(record, "members"));
    return (format.empty() || format == logVersion1) && isMember(record);
}

}  // namespace mdimappend
