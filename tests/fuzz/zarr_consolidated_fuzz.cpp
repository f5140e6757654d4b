// Consolidated metadata: listing their nodes, and comparing them with what they
// copy. A node is compared with its own copy, so nothing disagrees.

#include "fuzz.h"

#include "zarr/documents.h"

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const std::string text(fuzzing::inputText(bytes, size));
    for (const auto format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        const bool isV3 = format == ZarrFormat::V3;
        const std::string key = isV3 ? "zarr.json" : ".zmetadata";
        const Documents root{{key, text}};
        const auto found = consolidatedKey(root);
        const auto nodes = consolidatedNodes(format, text);
        expect(!nodes || found == key, "what lists nodes is consolidated");
        if (!nodes)
            continue;
        const Json document = *parseJson(text);
        const Json &copies =
            member(isV3 ? member(document, "consolidated_metadata") : document,
                   "metadata");
        Documents own;
        for (const auto &path : nodes->arrays)
        {
            if (path.empty())
                return 0;
            for (const char *name : {".zarray", ".zattrs", "zarr.json"})
            {
                const auto copied = isV3 ? path : path + "/" + name;
                if (copies.contains(copied))
                    own[path + "/" + name] = dumpJson(copies[copied]);
            }
        }
        const auto agreed =
            checkConsolidated(format, key, text, own, nodes->arrays);
        expect(bool(agreed), agreed.message().c_str());
    }
    return 0;
}
