// Looks slices up in the log: by their entries, else record by record.

#include "append/logged_slices.h"

#include "journal/log.h"
#include "journal/slice_entries.h"
#include "secrets.h"

#include <algorithm>
#include <filesystem>

namespace mdimappend
{

namespace
{

bool isInState(const Json &logged, const std::string &state)
{
    return !state.empty() && textMember(logged, "state") == state;
}

}  // namespace

std::string canonicalPath(const std::string &slice)
{
    std::error_code code;
    const auto path = std::filesystem::canonical(slice, code);
    return code ? withoutSecrets(slice) : path.string();
}

Result<Creation> creationOf(Storage &storage, const Site &site)
{
    Creation creation;
    MDIMAPPEND_ASSIGN(creation.last, lastSequence(storage, site));
    const auto last = creation.last;
    MDIMAPPEND_ASSIGN(const auto newest, readLogRecord(storage, site, last));
    if (!newest)
        return creation;
    creation.store = countMember(*newest, "store_created_by");
    // Other groups' may be between; not for ever, it is a shortcut.
    for (auto sequence = last;
         sequence > 0 && sequence >= creation.store && last - sequence < 100;
         --sequence)
    {
        std::optional<Json> earlier;
        if (sequence < last)
        {
            MDIMAPPEND_ASSIGN(earlier, readLogRecord(storage, site, sequence));
        }
        const auto &record = sequence < last ? earlier : newest;
        if (!record || textMember(*record, "group") != site.group)
            continue;
        creation.target = countMember(*record, "created_by");
        if (member(*record, "labels_ordered") == true)
            creation.orderedRows = countMember(*record, "first_row") +
                                   countMember(*record, "rows");
        MDIMAPPEND_ASSIGN(creation.entriesFrom,
                          sliceEntriesFrom(storage, site, *record));
        break;
    }
    return creation;
}

Result<Creation> LoggedSlices::creation(Storage &storage, const Site &site)
{
    if (storage.waitsForAnswers())
        return creationOf(storage, site);
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    MDIMAPPEND_ASSIGN(auto newest,
                      storage.versionAt(logRecordPath(site, last)));
    if (newest.empty() || newest != m_newest || last != m_creation.last)
    {
        MDIMAPPEND_ASSIGN(m_creation, creationOf(storage, site));
        m_newest = std::move(newest);
    }
    return m_creation;
}

Result<std::uint64_t>
LoggedSlices::whoBrought(Storage &storage, const Site &site, const Slice &slice,
                         std::uint64_t firstRow, std::uint64_t rows)
{
    constexpr std::uint64_t nobody = 0;
    MDIMAPPEND_ASSIGN(const auto log, creation(storage, site));
    if (log.target == 0 || !site.overwriting.empty())
        return nobody;
    // Rows only grow from record to record: the last one that begins at or in
    // front of the row is the one that brought it.
    std::uint64_t low = log.target;
    std::uint64_t high = log.last;
    while (low < high)
    {
        const auto middle = high - (high - low) / 2;
        MDIMAPPEND_ASSIGN(const auto record, m_log.head(storage, site, middle));
        if (!record || record->group != site.group)
            return nobody;
        if (record->firstRow <= firstRow)
            low = middle;
        else
            high = middle - 1;
    }
    MDIMAPPEND_ASSIGN(const auto record, m_log.read(storage, site, low));
    if (!record || textMember(record->json(), "group") != site.group)
        return nobody;
    const auto state = slice.fingerprint();
    for (const auto *logged : record->slicesOf(canonicalPath(slice.name())))
    {
        if (isInState(*logged, state) &&
            countMember(*logged, "first_row") == firstRow &&
            countMember(*logged, "rows") == rows)
            return low;
    }
    return nobody;
}

/// Whether a record of the site's group names it, and its rows are among the
/// target's `size`.
Result<bool> LoggedSlices::isIn(Storage &storage, const Site &site,
                                std::uint64_t sequence, const Slice &slice,
                                const std::string &path, std::uint64_t size)
{
    MDIMAPPEND_ASSIGN(const auto record, m_log.read(storage, site, sequence));
    if (!record || textMember(record->json(), "group") != site.group)
        return false;
    const auto named = record->slicesOf(path);
    if (named.empty())
        return false;
    const auto state = slice.fingerprint();
    return std::ranges::any_of(
        named,
        [&](const Json *logged)
        {
            const auto end = countMember(*logged, "first_row") +
                             countMember(*logged, "rows");
            return end <= size && isInState(*logged, state);
        });
}

Result<std::uint64_t> LoggedSlices::whoNames(Storage &storage, const Site &site,
                                             const Slice &slice,
                                             std::uint64_t size)
{
    constexpr std::uint64_t nobody = 0;
    // What the log knows of is in a store that goes.
    if (!site.overwriting.empty())
        return nobody;
    MDIMAPPEND_ASSIGN(const auto log, creation(storage, site));
    const auto first = std::max(log.store, log.target);
    const auto path = canonicalPath(slice.name());
    MDIMAPPEND_ASSIGN(const auto entry,
                      readSliceEntry(storage, site, path, slice.fingerprint()));
    auto last = log.last;
    if (entry && *entry >= std::max<std::uint64_t>(first, 1))
    {
        MDIMAPPEND_ASSIGN(const bool names,
                          isIn(storage, site, *entry, slice, path, size));
        if (names)
            return *entry;
    }
    // An entry that cannot be believed may hide the one that was there.
    if (log.entriesFrom > 0 && !entry)
        last = log.entriesFrom - 1;
    for (auto sequence = last; sequence > 0 && sequence >= first; --sequence)
    {
        MDIMAPPEND_ASSIGN(const bool names,
                          isIn(storage, site, sequence, slice, path, size));
        if (names)
            return sequence;
    }
    return nobody;
}

}  // namespace mdimappend
