// Plan, manifest and decision, with a first line that vouches for any body: a
// stranger can compute a checksum. What is understood is written and read back
// the same, and no key leads out of the store.
//
// First line: the kind and the version, as in `plan 1`. Rest: the body.

#include "fuzz.h"

#include "journal/records.h"
#include "storage/checksum.h"

using namespace mdimappend;
using fuzzing::expect;

namespace
{

void expectBelow(const std::string &key)
{
    const auto padded = "/" + key + "/";
    expect(padded.find("/../") == padded.npos &&
               padded.find("//") == padded.npos &&
               padded.find("/./") == padded.npos && key.find('\0') == key.npos,
           "a key stays below the store");
}

void checkBox(const ChunkBox &box)
{
    const auto count = box.count();
    for (const std::uint64_t position : {count / 2, count - 1})
    {
        if (count == 0)
            continue;
        const auto index = box.at(position);
        expect(box.contains(index), "a chunk of a box is in it");
        expect(box.position(index) == position, "at its position");
    }
}

void checkSafe(const Plan &plan)
{
    for (const auto &array : plan.arrays)
    {
        if (!array.path.empty())
            expectBelow(array.path);
        for (const auto *boxes : {&array.added, &array.replaced})
            for (const auto &box : *boxes)
                checkBox(box);
    }
    for (const auto &document : plan.documents)
        expectBelow(document.key);
    for (const auto &folder : plan.folders)
        expectBelow(folder);
}

void checkSafe(const Manifest &manifest)
{
    for (const auto *moves : {&manifest.chunks, &manifest.documents})
        for (const auto &move : *moves)
        {
            expectBelow(move.key);
            if (!move.staged.empty())
                expectBelow(move.staged);
        }
    for (const auto &key : manifest.deletions)
        expectBelow(key);
    for (const auto &put : manifest.puts)
        expectBelow(put.key);
}

void checkSafe(const Decision &)
{
}

template <class Parse> void check(std::string_view text, Parse parse)
{
    const auto record = parse(text);
    if (!record)
        return;
    checkSafe(*record);
    const auto written = toText(*record);
    const auto same = parse(written);
    expect(bool(same), "a record that was read can be written and read");
    expect(toText(*same) == written, "and is the same");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const auto text = fuzzing::inputText(bytes, size);
    auto rest = text;
    const std::string start(fuzzing::takeLine(rest));
    const std::string body = std::string(rest) + "\n";
    const std::string framed = "mdimappend " + start + " " +
                               std::to_string(body.size()) + " " +
                               sha256(body) + "\n" + body;
    for (const std::string_view record : {text, std::string_view(framed)})
    {
        check(record, parsePlan);
        check(record, parseManifest);
        check(record, parseDecision);
    }
    return 0;
}
