// Keeps the last record that was read, and what was seen of the others.

#include "journal/log_reader.h"

#include "journal/log.h"
#include "journal/log_members.h"

#include <utility>

namespace mdimappend
{

ReadRecord::ReadRecord(Json record) : m_record(std::move(record))
{
    for (const auto *each : membersOf(m_record))
    {
        auto &byPath = m_byGroup[textMember(*each, "group")];
        for (const auto &slice : member(*each, "slices"))
            byPath.emplace(textMember(slice, "path"), &slice);
    }
}

std::vector<const Json *> ReadRecord::slicesOf(const std::string &group,
                                               const std::string &path) const
{
    std::vector<const Json *> slices;
    const auto byPath = m_byGroup.find(group);
    if (byPath == m_byGroup.end())
        return slices;
    const auto [begin, end] = byPath->second.equal_range(path);
    for (auto found = begin; found != end; ++found)
        slices.push_back(found->second);
    return slices;
}

/// "": it is not known, and what was kept is not believed.
Result<std::string> LogReader::version(Storage &storage, const Site &site,
                                       std::uint64_t sequence) const
{
    if (storage.waitsForAnswers())
        return std::string();
    return storage.versionAt(logRecordPath(site, sequence));
}

Result<std::shared_ptr<const ReadRecord>>
LogReader::read(Storage &storage, const Site &site, std::uint64_t sequence)
{
    MDIMAPPEND_ASSIGN(auto now, version(storage, site, sequence));
    if (m_record && sequence == m_sequence && !now.empty() && now == m_version)
        return m_record;
    m_record.reset();
    MDIMAPPEND_ASSIGN(auto record, readLogRecord(storage, site, sequence));
    if (!record)
        return m_record;
    m_record = std::make_shared<const ReadRecord>(std::move(*record));
    m_sequence = sequence;
    m_version = std::move(now);
    return m_record;
}

Result<std::optional<std::uint64_t>>
LogReader::firstRow(Storage &storage, const Site &site, std::uint64_t sequence)
{
    const auto ofGroup = [&](const Kept &kept) -> std::optional<std::uint64_t>
    {
        const auto found = kept.firstRows.find(site.group);
        return found == kept.firstRows.end() ? std::nullopt
                                             : std::optional(found->second);
    };
    MDIMAPPEND_ASSIGN(const auto now, version(storage, site, sequence));
    const auto known = m_kept.find(sequence);
    if (known != m_kept.end() && !now.empty() && known->second.version == now)
        return ofGroup(known->second);
    MDIMAPPEND_ASSIGN(const auto record, read(storage, site, sequence));
    if (!record)
        return std::optional<std::uint64_t>();
    Kept kept{now, {}};
    for (const auto *each : membersOf(record->json()))
        kept.firstRows[textMember(*each, "group")] =
            countMember(*each, "first_row");
    const auto firstRow = ofGroup(kept);
    m_kept[sequence] = std::move(kept);
    return firstRow;
}

}  // namespace mdimappend
