// JSON as text and as values: what is parsed is dumped and read back the same,
// and members are put in and taken out again.

#include "fuzz.h"

#include "json/json_text.h"
#include "json/utf8.h"

using namespace mdimappend;
using fuzzing::expect;

namespace
{

void checkMembers(std::string_view text, const Json &value)
{
    const auto spans = locate(text, {{}});
    expect(spans && spans->front(), "the root is located");
    const TextSpan root = *spans->front();
    if (!value.is_object())
        return;
    std::string name = "new";
    while (value.contains(name))
        name += "er";
    const auto more = insertMembers(text, root, {{name, {{"x", 1.5}}}});
    const auto parsed = parseJson(more);
    expect(bool(parsed), "an inserted member leaves JSON");
    expect(parsed->back() == Json({{"x", 1.5}}), "and is the last one");
    const auto inserted = locate(more, {{}});
    const auto fewer = removeMember(more, *inserted->front(), name);
    const auto again = parseJson(fewer);
    expect(again && sameJson(*again, value),
           "taken out again, nothing is left");
    const auto same = setMembers(text, root, value);
    expect(same && *same == text, "members that are there stay as they are");
    const auto none = setMembers(text, root, Json::object());
    expect(none && parseJson(*none)->empty(), "all members can be taken out");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const auto text = fuzzing::inputText(bytes, size);
    const auto value = parseJson(text);
    const auto located = locate(text, {{"a"}, {"a", "b"}, {}});
    // A number that no double holds has a place, but no value.
    expect(!value || located, "what is parsed can be located");
    const auto whole = dumpJson(Json(std::string(text)), -1);
    const auto quoted = parseJson(whole);
    expect(bool(quoted), "any bytes can be dumped");
    expect(!isUtf8(text) || *quoted == text, "UTF-8 is dumped as it is");
    if (!value)
        return 0;
    expect(isUtf8(text), "only UTF-8 is JSON");
    for (const int indent : {-1, 2})
    {
        const auto same = parseJson(dumpJson(*value, indent));
        expect(same && sameJson(*same, *value),
               "dumped and read back the same");
    }
    for (const auto &span : *located)
        expect(!span || (span->begin <= span->end && span->end <= size),
               "a span lies in the text");
    checkMembers(text, *value);
    return 0;
}
