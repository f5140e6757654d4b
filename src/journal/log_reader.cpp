// Keeps the last record that was read, and what was seen of the others.

#include "journal/log_reader.h"

#include "journal/log.h"

#include <utility>

namespace mdimappend
{

ReadRecord::ReadRecord(Json record) : m_record(std::move(record))
{
    for (const auto &slice : member(m_record, "slices"))
        m_byPath.emplace(textMember(slice, "path"), &slice);
}

std::vector<const Json *> ReadRecord::slicesOf(const std::string &path) const
{
    std::vector<const Json *> slices;
    const auto [begin, end] = m_byPath.equal_range(path);
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

Result<std::optional<LogReader::Head>>
LogReader::head(Storage &storage, const Site &site, std::uint64_t sequence)
{
    MDIMAPPEND_ASSIGN(const auto now, version(storage, site, sequence));
    const auto kept = m_heads.find(sequence);
    if (kept != m_heads.end() && !now.empty() && kept->second.version == now)
        return std::make_optional(kept->second.head);
    MDIMAPPEND_ASSIGN(const auto record, read(storage, site, sequence));
    if (!record)
        return std::optional<Head>();
    const Head head{textMember(record->json(), "group"),
                    countMember(record->json(), "first_row")};
    m_heads[sequence] = {now, head};
    return std::make_optional(head);
}

}  // namespace mdimappend
