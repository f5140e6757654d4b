// The log: one small record per commit, `<sidecar>/log/<sequence>.json`, and
// `head`, a hint at the last sequence number that is never ahead of it.

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

std::string headPath(const Site &site);
std::string headText(std::uint64_t sequence);

std::string logRecordPath(const Site &site, std::uint64_t sequence);

/// The last sequence number logged, 0 if none: from `head`, then forward.
Result<std::uint64_t> lastSequence(Storage &storage, const Site &site);

/// As it is written.
std::string logRecordText(const Json &record);

/// Whether a text is only the beginning of a record: a put of it broke off.
bool isTornLogRecord(std::string_view text, const Json &record);

/// `bytes`, if it is given, counts what was read.
Result<std::optional<Json>> readLogRecord(Storage &storage, const Site &site,
                                          std::uint64_t sequence,
                                          std::uint64_t *bytes = nullptr);

/// Creates the record that `record` carries under its own sequence number,
/// durably, as Storage::create does. One of the same transaction that is there
/// already is success; another's is a conflict.
Status writeLogRecord(Storage &storage, const Site &site, const Json &record);

/// Before a barrier that comes before it: then it need not be synced once more.
Status prepareLogRecord(Storage &storage, const Site &site, const Json &record);

/// Whether the log has this transaction. Whatever else a power cut has left of
/// a journal that was being tidied, it is done then.
Result<bool> isLogged(Storage &storage, const Site &site,
                      const std::string &transaction, std::uint64_t sequence);

/// Of a plan or a manifest.
template <class Record>
Result<bool> isLogged(Storage &storage, const Site &site, const Record &record)
{
    return isLogged(storage, site, record.transaction, record.sequence);
}

/// Removes what a writer that was killed while it made this record has left of
/// it under other names.
Status tidyLogRecord(Storage &storage, const Site &site,
                     std::uint64_t sequence);

}  // namespace mdimappend
