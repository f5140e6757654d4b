// The log: its records, which are created and never changed, and the hint at
// the last of them.

#include "journal/log.h"

#include "journal/log_members.h"

#include <format>

namespace mdimappend
{

namespace
{

/// A hint beyond this is none: what follows could not be counted.
constexpr std::int64_t mostCommits = std::int64_t{1} << 53;

/// Where writing the hint costs a request, the lock tells what the log ends
/// with. If the lock is lost, so many records are looked for.
constexpr std::uint64_t headEvery = 16;

/// Some hundred bytes for each slice of a commit.
constexpr std::uint64_t largestRecord = 256ULL << 20;

Status checkLogRecord(const Json &record)
{
    return isLogRecord(record)
               ? Status::ok()
               : Status(Failure::Conflict,
                        "the log record of the manifest is damaged");
}

}  // namespace

std::string headPath(const Site &site)
{
    return site.log() + "/head";
}

std::string logRecordPath(const Site &site, std::uint64_t sequence)
{
    return site.log() + std::format("/{:012}.json", sequence);
}

std::string headText(std::uint64_t sequence)
{
    return dumpJson({{"sequence", sequence}}, -1);
}

std::string logRecordText(const Json &record)
{
    return dumpJson(record, 2) + "\n";
}

bool isTornLogRecord(std::string_view text, const Json &record)
{
    const auto whole = logRecordText(record);
    return text.size() < whole.size() && whole.starts_with(text);
}

Result<std::uint64_t> lastSequence(Storage &storage, const Site &site)
{
    MDIMAPPEND_ASSIGN(const auto head,
                      storage.read(headPath(site), largestRecord));
    std::uint64_t last = 0;
    if (head)
    {
        // A torn hint is no hint: start from the first record.
        const auto parsed = parseJson(*head);
        const Json hint = parsed ? member(*parsed, "sequence") : Json();
        if (isCount(hint) && hint.get<std::int64_t>() <= mostCommits)
            last = hint.get<std::uint64_t>();
    }
    if (last > 0)
    {
        MDIMAPPEND_ASSIGN(const auto record,
                          storage.state(logRecordPath(site, last)));
        if (!record)
            return Status(Failure::Conflict,
                          "the log is damaged: record " + std::to_string(last) +
                              " is missing in '" + site.log() +
                              "'. Nothing was changed.");
    }
    while (true)
    {
        MDIMAPPEND_ASSIGN(const auto next,
                          storage.state(logRecordPath(site, last + 1)));
        if (!next)
            return last;
        ++last;
    }
}

Result<std::optional<Json>> readLogRecord(Storage &storage, const Site &site,
                                          std::uint64_t sequence,
                                          std::uint64_t *bytes)
{
    const auto path = logRecordPath(site, sequence);
    MDIMAPPEND_ASSIGN(const auto text, storage.read(path, largestRecord));
    if (!text)
        return std::optional<Json>();
    if (bytes)
        *bytes += text->size();
    auto record = parseJson(*text);
    if (!record || !isLogRecord(*record))
        return Status(Failure::Conflict,
                      "the log record '" + path +
                          "' is damaged, or of a later version");
    return std::optional<Json>(std::move(*record));
}

Status prepareLogRecord(Storage &storage, const Site &site, const Json &record)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkLogRecord(record));
    const auto sequence = record.value("sequence", std::uint64_t{0});
    return storage.prepare(logRecordPath(site, sequence),
                           logRecordText(record));
}

Status writeLogRecord(Storage &storage, const Site &site, const Json &record)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkLogRecord(record));
    const auto sequence = record.value("sequence", std::uint64_t{0});
    const auto transaction = record.value("transaction", std::string());
    MDIMAPPEND_ASSIGN(
        const bool created,
        storage.create(logRecordPath(site, sequence), logRecordText(record)));
    if (!created)
    {
        MDIMAPPEND_ASSIGN(const auto present,
                          readLogRecord(storage, site, sequence));
        if (!present || present->value("transaction", "") != transaction)
            return Status(Failure::Conflict,
                          "log record " + std::to_string(sequence) +
                              " belongs to another transaction");
    }
    if (storage.waitsForAnswers() && sequence % headEvery != 0)
        return Status::ok();
    return storage.putWhole(headPath(site), headText(sequence));
}

Result<bool> isLogged(Storage &storage, const Site &site,
                      const std::string &transaction, std::uint64_t sequence)
{
    MDIMAPPEND_ASSIGN(const auto record,
                      readLogRecord(storage, site, sequence));
    return record && record->value("transaction", "") == transaction;
}

Status tidyLogRecord(Storage &storage, const Site &site, std::uint64_t sequence)
{
    const auto unfinished = logRecordPath(site, sequence) + ".";
    MDIMAPPEND_ASSIGN(const auto names, storage.list(site.log()));
    for (const auto &name : names)
    {
        if (const auto path = site.log() + "/" + name;
            path.starts_with(unfinished))
            MDIMAPPEND_RETURN_IF_ERROR(storage.remove(path));
    }
    return storage.remove(headPath(site) + ".new");
}

}  // namespace mdimappend
