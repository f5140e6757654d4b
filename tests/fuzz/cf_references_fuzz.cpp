// Names in CF attributes, and names of arrays as keys of a store.

#include "fuzz.h"

#include "json/utf8.h"
#include "slice/cf_references.h"
#include "slice/slice_source.h"

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const std::string text(fuzzing::inputText(bytes, size));
    const Json attributes = {{"coordinates", text},
                             {"cell_measures", text},
                             {"grid_mapping", text},
                             {"bounds", text}};
    for (const auto &name : referencedNames(attributes))
        expect(name.find_first_of(" \t\n") == name.npos, "a name is one word");
    if (const auto json = parseJson(text))
        referencedNames(*json);
    firstName(text);
    const auto key = validKey(text);
    expect(!key.empty() && key[0] != '.' && key.find('/') == key.npos &&
               key != "zarr.json" && key.find('\0') == key.npos,
           "an array's name is one folder below the store");
    expect(!isUtf8(text) || isUtf8(key), "and UTF-8 if it was");
    return 0;
}
