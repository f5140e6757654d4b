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

bool isSameFile(const Json &logged, const Slice &slice)
{
    const auto state = slice.fingerprint();
    return !state.empty() && textMember(logged, "state") == state &&
           textMember(logged, "path") == canonicalPath(slice.name());
}

/// Whether a record of the site's group names it, and its rows are among the
/// target's `size`.
Result<bool> isIn(Storage &storage, const Site &site, std::uint64_t sequence,
                  const Slice &slice, std::uint64_t size)
{
    MDIMAPPEND_ASSIGN(const auto record,
                      readLogRecord(storage, site, sequence));
    if (!record || textMember(*record, "group") != site.group)
        return false;
    for (const auto &logged : member(*record, "slices"))
    {
        const auto end =
            countMember(logged, "first_row") + countMember(logged, "rows");
        if (end <= size && isSameFile(logged, slice))
            return true;
    }
    return false;
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
        MDIMAPPEND_ASSIGN(const auto record,
                          readLogRecord(storage, site, sequence));
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

Result<bool> broughtRows(Storage &storage, const Site &site, const Slice &slice,
                         std::uint64_t firstRow, std::uint64_t rows)
{
    MDIMAPPEND_ASSIGN(const auto creation, creationOf(storage, site));
    if (creation.target == 0 || !site.overwriting.empty())
        return false;
    // Rows only grow from record to record: the last one that begins at or in
    // front of the row is the one that brought it.
    std::uint64_t low = creation.target;
    std::uint64_t high = creation.last;
    while (low < high)
    {
        const auto middle = high - (high - low) / 2;
        MDIMAPPEND_ASSIGN(const auto record,
                          readLogRecord(storage, site, middle));
        if (!record || textMember(*record, "group") != site.group)
            return false;
        if (countMember(*record, "first_row") <= firstRow)
            low = middle;
        else
            high = middle - 1;
    }
    MDIMAPPEND_ASSIGN(const auto record, readLogRecord(storage, site, low));
    if (!record || textMember(*record, "group") != site.group)
        return false;
    for (const auto &logged : member(*record, "slices"))
    {
        if (isSameFile(logged, slice) &&
            countMember(logged, "first_row") == firstRow &&
            countMember(logged, "rows") == rows)
            return true;
    }
    return false;
}

Result<bool> isLogged(Storage &storage, const Site &site, const Slice &slice,
                      std::uint64_t size)
{
    // What the log knows of is in a store that goes.
    if (!site.overwriting.empty())
        return false;
    MDIMAPPEND_ASSIGN(const auto creation, creationOf(storage, site));
    const auto first = std::max(creation.store, creation.target);
    MDIMAPPEND_ASSIGN(const auto entry,
                      readSliceEntry(storage, site, canonicalPath(slice.name()),
                                     slice.fingerprint()));
    auto last = creation.last;
    if (entry && *entry >= std::max<std::uint64_t>(first, 1))
    {
        MDIMAPPEND_ASSIGN(const bool names,
                          isIn(storage, site, *entry, slice, size));
        if (names)
            return true;
    }
    // An entry that cannot be believed may hide the one that was there.
    if (creation.entriesFrom > 0 && !entry)
        last = creation.entriesFrom - 1;
    for (auto sequence = last; sequence > 0 && sequence >= first; --sequence)
    {
        MDIMAPPEND_ASSIGN(const bool names,
                          isIn(storage, site, sequence, slice, size));
        if (names)
            return true;
    }
    return false;
}

}  // namespace mdimappend
