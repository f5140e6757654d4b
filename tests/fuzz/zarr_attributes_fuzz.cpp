// The byte-level patch of attributes, of a group and of an array: the node then
// has these attributes and no others, nothing else differs, and attributes that
// are there already change no byte.
//
// First line: the attributes. Rest: the document.

#include "fuzz.h"

#include "zarr/documents.h"

using namespace mdimappend;
using fuzzing::expect;

namespace
{

void check(ZarrFormat format, const Documents &current,
           const std::optional<std::string> &consolidated,
           const std::string &path, const Json &attributes)
{
    const auto patched =
        patchAttributes(format, current, consolidated, path, attributes);
    if (!patched)
        return;
    Documents next = current;
    for (const auto &[key, text] : *patched)
    {
        expect(bool(parseJson(text)), "a patched document is JSON");
        next[key] = text;
    }
    const auto same =
        patchAttributes(format, next, consolidated, path, attributes);
    expect(same && same->empty(), "what is patched needs no patch");
    const bool isV3 = format == ZarrFormat::V3;
    const auto name = (path.empty() ? "" : path + "/") +
                      std::string(isV3 ? "zarr.json" : ".zattrs");
    if (!next.contains(name))
        return;
    auto after = *parseJson(next.at(name));
    expect(sameJson(isV3 && after.contains("attributes") ? after["attributes"]
                    : isV3                               ? Json::object()
                                                         : after,
                    attributes) ||
               attributes.empty(),
           "the attributes are those that were asked for");
    if (!isV3 || !current.contains(name))
        return;
    auto before = *parseJson(current.at(name));
    before.erase("attributes");
    after.erase("attributes");
    expect(sameJson(before, after), "nothing else differs");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    const auto line = parseJson(fuzzing::takeLine(rest));
    if (!line || !line->is_object())
        return 0;
    const std::string text(rest);
    check(ZarrFormat::V2, {{".zgroup", "{}"}, {".zattrs", text}}, {}, "",
          *line);
    check(ZarrFormat::V2,
          {{".zgroup", "{}"},
           {"a/.zarray", "{}"},
           {"a/.zattrs", "{}"},
           {".zmetadata", text}},
          ".zmetadata", "a", *line);
    check(ZarrFormat::V3, {{"zarr.json", text}}, {}, "", *line);
    check(ZarrFormat::V3,
          {{"zarr.json", text}, {"a/zarr.json", R"({"node_type": "array"})"}},
          "zarr.json", "a", *line);
    return 0;
}
