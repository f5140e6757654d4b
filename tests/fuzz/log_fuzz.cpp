// The log: the hint at its last record, and a record.
//
// First line: log/head. Rest: the record that it names, and the first one.

#include "few_objects.h"
#include "fuzz.h"

#include "journal/log.h"

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    Site site;
    site.parent = "/data";
    site.name = "cube.zarr";
    const std::string head(fuzzing::takeLine(rest));
    fuzzing::FewObjects storage;
    storage.objects[site.log() + "/head"] = head;
    storage.objects[logRecordPath(site, 1)] = rest;
    const auto hint = parseJson(head);
    const auto &named = hint ? member(*hint, "sequence") : Json();
    if (named.is_number_integer())
        storage.objects[logRecordPath(site, named.get<std::uint64_t>())] = rest;
    const auto last = lastSequence(storage, site);
    if (!last)
        return 0;
    expect(*last > 0 && *last < 1ULL << 62, "the number of commits is sane");
    static_cast<void>(bool(readLogRecord(storage, site, *last)));
    if (const auto record = parseJson(rest))
        static_cast<void>(bool(writeLogRecord(storage, site, *record)));
    return 0;
}
