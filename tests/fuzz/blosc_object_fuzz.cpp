// Rows put into what claims to be a chunk that Blosc has made: whatever comes
// out decodes to the right size, and GDAL's codec survives it.

#include "fuzz.h"

#include "zarr/array_document.h"
#include "zarr/chunk_rows.h"
#include "zarr/encoded_chunk.h"

#include <cstdlib>

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    static const auto array = mdimappend::parseArrayV2(
        "a",
        R"({"zarr_format": 2, "shape": [8, 64], "chunks": [8, 64],
            "dtype": "<i4", "order": "C", "filters": null, "fill_value": 0,
            "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5,
                           "shuffle": 1, "blocksize": 256}})",
        "");
    const std::string_view object(reinterpret_cast<const char *>(bytes), size);
    const std::string row(256, '7');
    for (const std::uint64_t at : {0, 3, 7})
    {
        const auto changed = mdimappend::replaceRows(*array, object, at, row);
        if (changed && !mdimappend::isWholeChunk(*array, *changed))
            std::abort();
    }
    return 0;
}
