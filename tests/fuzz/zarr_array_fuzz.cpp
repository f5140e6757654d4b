// Documents of one array, V2 and V3: types, codecs, filters, fill values, chunk
// keys, and the private document that GDAL's driver gets.
//
// Rest up to a line `---`: .zarray or zarr.json. After it: .zattrs.

#include "fuzz.h"

#include "zarr/array_document.h"
#include "zarr/codecs.h"
#include "zarr/documents.h"

#include <limits>

using namespace mdimappend;
using fuzzing::expect;

namespace
{

void checkKeys(const ArrayDocument &array)
{
    std::vector<std::uint64_t> index(array.rank(), 0);
    for (std::size_t i = 0; i < index.size(); ++i)
        index[i] = i % 2 ? array.shape[i] : i;
    const auto key = array.keys.key(index);
    const auto parsed = array.keys.parse(key, array.rank());
    expect(parsed && *parsed == index, "a chunk key is read back");
}

void checkArray(const ArrayDocument &array)
{
    expect(array.rank() <= 32 && array.chunk.size() == array.rank(),
           "the rank is sane");
    expect(array.dimensions.empty() || array.dimensions.size() == array.rank(),
           "each axis has a name, or none has");
    expect(chunkBytes(array.chunk, array.dataType.size) <= 1ULL << 31,
           "a chunk's size is sane");
    checkKeys(array);
    for (const auto &value : {fillBytes(array), missingValueBytes(array)})
        expect(!value || !*value || (*value)->size() == array.dataType.size,
               "a fill value is one element");
    for (const auto &fill :
         {std::optional<Json>(), std::make_optional<Json>(1)})
    {
        const auto served =
            parseJson(privateDocument(array, array.shape, fill));
        expect(served && served->is_object(), "the private document is JSON");
        expect((*served)["shape"] == Json(array.shape), "and has the shape");
        expect(!served->contains("attributes"), "and no attributes");
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const auto text = fuzzing::inputText(bytes, size);
    const auto middle = text.find("\n---\n");
    const auto document = text.substr(0, middle);
    const auto attributes =
        middle == text.npos ? std::string_view() : text.substr(middle + 5);
    if (const auto array = parseArrayV2("a", document, attributes))
        checkArray(*array);
    if (const auto array = parseArrayV3("a", document))
        checkArray(*array);
    if (const auto json = parseJson(document))
        rotatesAxes(member(*json, "codecs"));
    return 0;
}
