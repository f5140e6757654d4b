// The entries in log/slices, one for each slice of a target without labels.

#include "journal/slice_entries.h"

#include "journal/log_members.h"
#include "storage/checksum.h"

namespace mdimappend
{

namespace
{

constexpr const char *entriesFrom = "entries_from";

std::string folderOf(const Site &site)
{
    return site.log() + "/slices";
}

/// Where there are no folders, it says that there is this one.
std::string markPath(const Site &site)
{
    return folderOf(site) + "/first";
}

std::string entryPath(const Site &site, const std::string &group,
                      const std::string &path, const std::string &state)
{
    // As JSON, so that no two of them are spelled alike.
    const auto key = xxh3(dumpJson(Json::array({group, path, state}), -1));
    return folderOf(site) + "/" + key.substr(key.find(':') + 1);
}

Status writeEntries(Storage &storage, const Site &site, const Json &ofGroup,
                    const Json &sequence)
{
    const auto text = dumpJson({{"sequence", sequence}}, -1);
    if (!storage.folders() && member(ofGroup, entriesFrom) == sequence)
        MDIMAPPEND_RETURN_IF_ERROR(storage.put(markPath(site), text));
    for (const auto &slice : member(ofGroup, "slices"))
    {
        const auto state = textMember(slice, "state");
        if (!state.empty())
            MDIMAPPEND_RETURN_IF_ERROR(
                storage.put(entryPath(site, textMember(ofGroup, "group"),
                                      textMember(slice, "path"), state),
                            text));
    }
    return Status::ok();
}

}  // namespace

Result<std::uint64_t> sliceEntriesFrom(Storage &storage, const Site &site,
                                       const Json &newest)
{
    const auto from = countMember(newest, entriesFrom);
    if (from == 0)
        return from;
    MDIMAPPEND_ASSIGN(
        const auto folder,
        storage.state(storage.folders() ? folderOf(site) : markPath(site)));
    return folder ? from : std::uint64_t{0};
}

Status writeSliceEntries(Storage &storage, const Site &site, const Json &record)
{
    const auto &sequence = member(record, "sequence");
    for (const auto *each : membersOf(record))
    {
        if (each->contains(entriesFrom))
            MDIMAPPEND_RETURN_IF_ERROR(
                writeEntries(storage, site, *each, sequence));
    }
    return Status::ok();
}

Result<std::optional<std::uint64_t>> readSliceEntry(Storage &storage,
                                                    const Site &site,
                                                    const std::string &path,
                                                    const std::string &state)
{
    constexpr std::uint64_t largestEntry = 1 << 10;
    MDIMAPPEND_ASSIGN(
        const auto text,
        storage.read(entryPath(site, site.group, path, state), largestEntry));
    if (!text)
        return std::optional<std::uint64_t>();
    const auto entry = parseJson(*text);
    return std::make_optional(entry ? countMember(*entry, "sequence")
                                    : std::uint64_t{0});
}

}  // namespace mdimappend
