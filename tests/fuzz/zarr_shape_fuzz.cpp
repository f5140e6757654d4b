// The byte-level patch of shapes, in an array's own document and in
// consolidated copies: the result is JSON, only `shape` differs, and patching
// back gives the original bytes.
//
// First line: the new sizes. Rest: the document.

#include "fuzz.h"

#include "zarr/documents.h"

#include <algorithm>
#include <charconv>

using namespace mdimappend;
using fuzzing::expect;

namespace
{

using Shape = std::vector<std::uint64_t>;

Shape sizesIn(std::string_view line)
{
    Shape sizes;
    while (!line.empty())
    {
        std::uint64_t size = 0;
        const auto [end, code] =
            std::from_chars(line.data(), line.data() + line.size(), size);
        if (code == std::errc())
            sizes.push_back(size);
        const auto used = static_cast<std::size_t>(end - line.data());
        line.remove_prefix(std::max<std::size_t>(used, 1));
    }
    return sizes;
}

/// The shape, if its text can be told from its value.
std::optional<Shape> shapeOf(const Json &array)
{
    const Json &shape = member(array, "shape");
    if (!shape.is_array())
        return {};
    Shape sizes;
    for (const Json &size : shape)
    {
        if (!size.is_number_integer() ||
            (!size.is_number_unsigned() && size.get<std::int64_t>() <= 0))
            return {};
        sizes.push_back(size.get<std::uint64_t>());
    }
    return sizes;
}

void checkPatch(ZarrFormat format, const Documents &current,
                const std::optional<std::string> &consolidated,
                const std::vector<Growth> &growths,
                const std::vector<Growth> &back)
{
    const auto patched = patchShapes(format, current, consolidated, growths);
    if (!patched)
        return;
    Documents next = current;
    for (const auto &[key, text] : *patched)
    {
        expect(current.contains(key) && current.at(key) != text,
               "only documents that change are given");
        next[key] = text;
        expect(bool(parseJson(text)), "a patched document is JSON");
    }
    const auto same = patchShapes(format, next, consolidated, growths);
    expect(same && same->empty(), "a patch is patched already");
    if (back.empty())
        return;
    const auto original = patchShapes(format, next, consolidated, back);
    expect(bool(original), "a patch can be taken back");
    for (const auto &[key, text] : *original)
        next[key] = text;
    expect(next == current, "byte for byte");
}

void checkOwn(ZarrFormat format, const std::string &text, const Json &document,
              const Shape &sizes)
{
    const std::string key =
        format == ZarrFormat::V3 ? "a/zarr.json" : "a/.zarray";
    const Documents current{{key, text}};
    const auto before = shapeOf(document);
    checkPatch(format, current, {}, {{"a", sizes}},
               before ? std::vector<Growth>{{"a", *before}}
                      : std::vector<Growth>{});
    const auto patched = patchShapes(format, current, {}, {{"a", sizes}});
    if (!patched || patched->empty())
        return;
    auto expected = document;
    expected["shape"] = sizes;
    expect(sameJson(*parseJson(patched->at(key)), expected),
           "only the shape differs");
}

/// All arrays that the document lists get the sizes, as many as fit.
void checkConsolidated(ZarrFormat format, const std::string &text,
                       const Json &document, const Shape &sizes)
{
    const auto nodes = consolidatedNodes(format, text);
    if (!nodes)
        return;
    const bool isV3 = format == ZarrFormat::V3;
    const std::string key = isV3 ? "zarr.json" : ".zmetadata";
    const Json &copies =
        member(isV3 ? member(document, "consolidated_metadata") : document,
               "metadata");
    Documents current{{key, text}};
    std::vector<Growth> growths;
    std::vector<Growth> back;
    for (const auto &path : nodes->arrays)
    {
        const std::string own = path + (isV3 ? "/zarr.json" : "/.zarray");
        const auto shape =
            shapeOf(member(copies, isV3 || path.empty() ? path : own));
        if (!shape || path.empty() || current.contains(own))
            return;
        Shape grown = sizes;
        grown.resize(shape->size(), 7);
        current[own] = dumpJson({{"shape", *shape}});
        growths.push_back({path, grown});
        back.push_back({path, *shape});
    }
    checkPatch(format, current, key, growths, back);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    const auto sizes = sizesIn(fuzzing::takeLine(rest));
    const std::string text(rest);
    const auto parsed = parseJson(text);
    for (const auto format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        checkOwn(format, text, parsed ? *parsed : Json(), sizes);
        if (parsed)
            checkConsolidated(format, text, *parsed, sizes);
    }
    return 0;
}
