// Makes the index of records, and believes it only with the log beside it.

#include "journal/slice_index.h"

#include "journal/log.h"
#include "journal/log_members.h"
#include "journal/record_frame.h"
#include "journal/records.h"
#include "storage/checksum.h"

#include <charconv>
#include <format>

namespace mdimappend
{

namespace
{

/// Some megabytes.
constexpr std::size_t mostSlices = 1 << 16;
constexpr std::uint64_t largestBlock = 16ULL << 20;

std::string blockPath(const Site &site, std::uint64_t last)
{
    return site.log() + std::format("/index/{:012}", last);
}

Result<Content> contentOfRecord(Storage &storage, const Site &site,
                                std::uint64_t sequence, std::uint64_t &bytes)
{
    MDIMAPPEND_ASSIGN(const auto text,
                      storage.read(logRecordPath(site, sequence)));
    if (text)
        bytes += text->size();
    return contentOf(text);
}

Json toJson(const IndexedSlice &slice)
{
    return Json::array({hashText(slice.key.high) + hashText(slice.key.low),
                        slice.sequence, slice.firstRow, slice.rows,
                        hashText(slice.labels)});
}

std::optional<IndexedSlice> sliceOf(const Json &json)
{
    if (!json.is_array() || json.size() != 5 || !json[0].is_string() ||
        !isCount(json[1]) || !isCount(json[2]) || !isCount(json[3]) ||
        !json[4].is_string())
        return std::nullopt;
    const auto key = json[0].get<std::string>();
    if (key.size() != 32)
        return std::nullopt;
    IndexedSlice slice;
    slice.key = {hashOfText(key.substr(0, 16)), hashOfText(key.substr(16))};
    slice.sequence = json[1].get<std::uint64_t>();
    slice.firstRow = json[2].get<std::uint64_t>();
    slice.rows = json[3].get<std::uint64_t>();
    slice.labels = hashOfText(json[4].get<std::string>());
    return slice;
}

void addSlices(const Json &ofGroup, std::uint64_t sequence,
               std::vector<IndexedSlice> &slices)
{
    const auto group = textMember(ofGroup, "group");
    for (const auto &logged : member(ofGroup, "slices"))
    {
        const auto readAs = textMember(logged, "read_as");
        const auto state = textMember(logged, "state");
        if (readAs.empty() || state.empty())
            continue;
        slices.push_back(
            {sliceKey(group, textMember(logged, "path"), state, readAs),
             sequence, countMember(logged, "first_row"),
             countMember(logged, "rows"),
             hashOfText(textMember(logged, "labels"))});
    }
}

}  // namespace

std::string hashText(std::uint64_t hash)
{
    return std::format("{:016x}", hash);
}

std::uint64_t hashOfText(std::string_view text)
{
    std::uint64_t hash = 0;
    const auto *begin = text.data();
    const auto *end = begin + text.size();
    const auto parsed = std::from_chars(begin, end, hash, 16);
    return text.size() == 16 && parsed.ptr == end ? hash : 0;
}

SliceKey sliceKey(const std::string &group, const std::string &path,
                  const std::string &state, const std::string &readAs)
{
    // As JSON, so that no two of them are spelled alike.
    const auto digest =
        xxh3(dumpJson(Json::array({group, path, state, readAs}), -1));
    const auto hex = std::string_view(digest).substr(digest.find(':') + 1);
    return {hashOfText(hex.substr(0, 16)), hashOfText(hex.substr(16))};
}

std::uint64_t endOfIndexBlock(std::uint64_t sequence)
{
    return (sequence + recordsPerIndexBlock - 1) / recordsPerIndexBlock *
           recordsPerIndexBlock;
}

Result<std::vector<IndexedSlice>> slicesOfRecord(Storage &storage,
                                                 const Site &site,
                                                 std::uint64_t sequence,
                                                 std::uint64_t &bytes)
{
    std::vector<IndexedSlice> slices;
    MDIMAPPEND_ASSIGN(const auto record,
                      readLogRecord(storage, site, sequence, &bytes));
    if (!record)
        return slices;
    for (const auto *each : membersOf(*record))
        addSlices(*each, sequence, slices);
    return slices;
}

Result<std::optional<std::vector<IndexedSlice>>>
readIndexBlock(Storage &storage, const Site &site, std::uint64_t last,
               std::uint64_t &bytes)
{
    using Slices = std::optional<std::vector<IndexedSlice>>;
    const auto text = storage.read(blockPath(site, last), largestBlock);
    if (!text || !*text)
        return Slices();
    bytes += (*text)->size();
    const auto index = unframe("index", **text);
    if (!index)
        return Slices();
    MDIMAPPEND_ASSIGN(const Content record,
                      contentOfRecord(storage, site, last, bytes));
    if (!record.exists || countMember(*index, "sequence") != last ||
        countMember(*index, "size") != record.size ||
        textMember(*index, "checksum") != record.checksum)
        return Slices();
    std::vector<IndexedSlice> slices;
    for (const auto &json : member(*index, "slices"))
    {
        auto slice = sliceOf(json);
        if (!slice)
            return Slices();
        slices.push_back(*slice);
    }
    return Slices(std::move(slices));
}

Status writeIndexBlock(Storage &storage, const Site &site, std::uint64_t last,
                       const std::vector<IndexedSlice> &slices)
{
    if (slices.size() > mostSlices)
        return Status::ok();
    std::uint64_t bytes = 0;
    MDIMAPPEND_ASSIGN(const Content record,
                      contentOfRecord(storage, site, last, bytes));
    Json list = Json::array();
    for (const auto &slice : slices)
        list.push_back(toJson(slice));
    return storage.putWhole(blockPath(site, last),
                            frame("index", {{"sequence", last},
                                            {"size", record.size},
                                            {"checksum", record.checksum},
                                            {"slices", std::move(list)}}));
}

}  // namespace mdimappend
