// Which commit brought a slice, found by the slice:
// `<sidecar>/log/slices/<key>`, one small object for each slice of a target
// without labels. Nothing but the log tells there whether a slice is in, and so
// it need not be read as a whole.
//
// An entry proves nothing: the record that it names does.

#pragma once

#include "journal/site.h"
#include "json/json_text.h"
#include "status.h"
#include "storage/storage.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mdimappend
{

/// From which commit of a target on all slices have entries, by what its newest
/// record says of it; 0 if none has, or somebody has removed them.
Result<std::uint64_t> sliceEntriesFrom(Storage &storage, const Site &site,
                                       const Json &newest);

/// Writes the entries of a record that is about to be logged, if it says from
/// which on there are any.
Status writeSliceEntries(Storage &storage, const Site &site,
                         const Json &record);

/// The sequence number of the last record of the site's group that names a file
/// in this state; nothing if there is no entry, 0 if it cannot be read.
Result<std::optional<std::uint64_t>> readSliceEntry(Storage &storage,
                                                    const Site &site,
                                                    const std::string &path,
                                                    const std::string &state);

}  // namespace mdimappend
