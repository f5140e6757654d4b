// A commit that leaves a group alone which the commit before has changed says
// where that one is: so each group's newest record is the store's newest one,
// or has a hint.

#include "journal/member_hints.h"

#include "storage/checksum.h"
#include "storage/requests_at_once.h"

namespace mdimappend
{

namespace
{

std::string hintPath(const Site &site, const std::string &group)
{
    const auto key = xxh3(group);
    return site.log() + "/members/" + key.substr(key.find(':') + 1);
}

}  // namespace

Status writeMemberHints(Storage &storage, const Site &site, const Json &record)
{
    const auto sequence = countMember(record, "sequence");
    const auto &groups = member(record, lastBefore);
    return forEachAtOnce(
        storage.operationsAtOnce(), groups.size(),
        [&](std::size_t i)
        {
            const auto group = groups.at(i).get<std::string>();
            const Json hint = {{"group", group}, {"sequence", sequence - 1}};
            return storage.put(hintPath(site, group), dumpJson(hint, -1));
        });
}

Result<std::uint64_t> readMemberHint(Storage &storage, const Site &site)
{
    constexpr std::uint64_t largestHint = 1 << 16;
    MDIMAPPEND_ASSIGN(const auto text,
                      storage.read(hintPath(site, site.group), largestHint));
    const auto hint = text ? parseJson(*text) : Result<Json>(Json());
    return hint && textMember(*hint, "group") == site.group
               ? countMember(*hint, "sequence")
               : std::uint64_t{0};
}

}  // namespace mdimappend
