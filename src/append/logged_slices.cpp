// Looks slices up in the log: by their entries, else record by record.

#include "append/logged_slices.h"

#include "journal/log.h"
#include "journal/log_members.h"
#include "journal/member_hints.h"
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

/// What the newest member of a target says.
Status readMember(Storage &storage, const Site &site, const Json &newest,
                  const DocumentState &documents, Creation &creation)
{
    creation.target = countMember(newest, "created_by");
    const auto &logged = member(newest, "documents");
    creation.chainFrom = countMember(logged, "chain_from");
    creation.isForeign =
        !mayBeSame(documentStateFrom(member(logged, "after")), documents);
    if (member(newest, "labels_ordered") == true && !creation.isForeign)
        creation.orderedRows =
            countMember(newest, "first_row") + countMember(newest, "rows");
    if (member(newest, "attributes").is_object())
        creation.attributes = member(newest, "attributes");
    MDIMAPPEND_ASSIGN(creation.entriesFrom,
                      sliceEntriesFrom(storage, site, newest));
    return Status::ok();
}

/// The newest record about the site's group, but for the store's newest one.
Result<std::optional<Json>> recordBefore(Storage &storage, const Site &site,
                                         const Creation &creation)
{
    MDIMAPPEND_ASSIGN(const auto hint, readMemberHint(storage, site));
    const auto isOfStore = [&](std::uint64_t sequence)
    { return sequence > 0 && sequence >= creation.store; };
    if (isOfStore(hint) && hint < creation.last)
    {
        MDIMAPPEND_ASSIGN(auto hinted, readLogRecord(storage, site, hint));
        if (hinted && memberOf(*hinted, site.group))
            return hinted;
    }
    // A log of before there were hints; not for ever, it is a shortcut.
    constexpr std::uint64_t mostRecords = 100;
    for (auto sequence = creation.last - 1;
         isOfStore(sequence) && creation.last - sequence < mostRecords;
         --sequence)
    {
        MDIMAPPEND_ASSIGN(auto earlier, readLogRecord(storage, site, sequence));
        if (earlier && memberOf(*earlier, site.group))
            return earlier;
    }
    return std::optional<Json>();
}

}  // namespace

std::string canonicalPath(const std::string &slice)
{
    std::error_code code;
    const auto path = std::filesystem::canonical(slice, code);
    return code ? withoutSecrets(slice) : path.string();
}

Result<Creation> creationOf(Storage &storage, const Site &site,
                            const DocumentState &documents)
{
    Creation creation;
    MDIMAPPEND_ASSIGN(creation.last, lastSequence(storage, site));
    MDIMAPPEND_ASSIGN(auto record, readLogRecord(storage, site, creation.last));
    if (!record)
        return creation;
    creation.store = countMember(*record, "store_created_by");
    for (const auto *each : membersOf(*record))
        creation.lastGroups.push_back(textMember(*each, "group"));
    if (!memberOf(*record, site.group))
    {
        MDIMAPPEND_ASSIGN(record, recordBefore(storage, site, creation));
    }
    if (record)
        MDIMAPPEND_RETURN_IF_ERROR(readMember(storage, site,
                                              *memberOf(*record, site.group),
                                              documents, creation));
    return creation;
}

Result<Creation> LoggedSlices::creation(Storage &storage, const Site &site,
                                        const DocumentState &documents)
{
    if (storage.waitsForAnswers())
        return creationOf(storage, site, documents);
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    MDIMAPPEND_ASSIGN(auto newest,
                      storage.versionAt(logRecordPath(site, last)));
    if (newest.empty() || newest != m_newest || last != m_creation.last ||
        documents != m_documents)
    {
        MDIMAPPEND_ASSIGN(m_creation, creationOf(storage, site, documents));
        m_newest = std::move(newest);
        m_documents = documents;
    }
    return m_creation;
}

Result<std::uint64_t>
LoggedSlices::whoBrought(Storage &storage, const Site &site,
                         const DocumentState &documents, const Slice &slice,
                         std::uint64_t firstRow, std::uint64_t rows)
{
    constexpr std::uint64_t nobody = 0;
    MDIMAPPEND_ASSIGN(const auto log, creation(storage, site, documents));
    if (log.target == 0 || !site.overwriting.empty() ||
        log.believedFrom() > log.last)
        return nobody;
    // Rows only grow from record to record: the last one that begins at or in
    // front of the row is the one that brought it.
    std::uint64_t low = log.believedFrom();
    std::uint64_t high = log.last;
    while (low < high)
    {
        const auto middle = high - (high - low) / 2;
        MDIMAPPEND_ASSIGN(const auto firstOf,
                          m_log.firstRow(storage, site, middle));
        if (!firstOf)
            return nobody;
        if (*firstOf <= firstRow)
            low = middle;
        else
            high = middle - 1;
    }
    MDIMAPPEND_ASSIGN(const auto record, m_log.read(storage, site, low));
    if (!record)
        return nobody;
    const auto state = slice.fingerprint();
    for (const auto *logged :
         record->slicesOf(site.group, canonicalPath(slice.name())))
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
    if (!record)
        return false;
    const auto named = record->slicesOf(site.group, path);
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

Result<std::uint64_t>
LoggedSlices::findNamed(Storage &storage, const Site &site, const Creation &log,
                        const Slice &slice, std::uint64_t size)
{
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
    return std::uint64_t{0};
}

Result<std::uint64_t> LoggedSlices::whoNames(Storage &storage, const Site &site,
                                             const DocumentState &documents,
                                             const Slice &slice,
                                             std::uint64_t size, bool again)
{
    // What the log knows of is in a store that goes.
    if (!site.overwriting.empty())
        return std::uint64_t{0};
    MDIMAPPEND_ASSIGN(const auto log, creation(storage, site, documents));
    MDIMAPPEND_ASSIGN(const auto found,
                      findNamed(storage, site, log, slice, size));
    if (found == 0 || found >= log.believedFrom())
        return found;
    if (again)
        return std::uint64_t{0};
    return refused(
        "commit " + std::to_string(found) +
        " brought it, by the log; but another program has written the target's "
        "documents since, and without labels it cannot be known whether its "
        "steps are still there. If they are not, append it with --again.");
}

}  // namespace mdimappend
