#include "journal/log.h"

#include <format>

namespace mdimappend
{

namespace
{

std::string headPath(const Site &site)
{
    return site.log() + "/head";
}

}  // namespace

std::string logRecordPath(const Site &site, std::uint64_t sequence)
{
    return site.log() + std::format("/{:012}.json", sequence);
}

Result<std::uint64_t> lastSequence(Storage &storage, const Site &site)
{
    MDIMAPPEND_ASSIGN(const auto head, storage.read(headPath(site)));
    std::uint64_t last = 0;
    if (head)
    {
        const auto parsed = parseJson(*head);
        // A torn hint is no hint: start from the first record.
        if (parsed && parsed->is_object() && parsed->contains("sequence") &&
            (*parsed)["sequence"].is_number_integer() &&
            (*parsed)["sequence"].get<std::int64_t>() > 0)
            last = (*parsed)["sequence"].get<std::uint64_t>();
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
                                          std::uint64_t sequence)
{
    const auto path = logRecordPath(site, sequence);
    MDIMAPPEND_ASSIGN(const auto text, storage.read(path));
    if (!text)
        return std::optional<Json>();
    auto record = parseJson(*text);
    if (!record || !record->is_object())
        return Status(Failure::Conflict,
                      "the log record '" + path + "' is damaged");
    return std::optional<Json>(std::move(*record));
}

Status writeLogRecord(Storage &storage, const Site &site, const Json &record)
{
    const auto sequence = record.value("sequence", std::uint64_t{0});
    const auto transaction = record.value("transaction", std::string());
    MDIMAPPEND_ASSIGN(const bool created,
                      storage.create(logRecordPath(site, sequence),
                                     dumpJson(record, 2) + "\n"));
    if (!created)
    {
        MDIMAPPEND_ASSIGN(const auto present,
                          readLogRecord(storage, site, sequence));
        if (!present || present->value("transaction", "") != transaction)
            return Status(Failure::Conflict,
                          "log record " + std::to_string(sequence) +
                              " belongs to another transaction");
    }
    const auto head = headPath(site);
    MDIMAPPEND_RETURN_IF_ERROR(
        storage.put(head + ".new", dumpJson({{"sequence", sequence}}, -1)));
    return storage.publish(head + ".new", head);
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
