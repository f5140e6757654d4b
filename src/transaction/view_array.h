// An array of the private view: its document as it is stored, and its planned
// chunks.

#pragma once

#include "journal/records.h"
#include "zarr/array_document.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

struct ViewArray
{
    PlannedArray planned;
    ArrayDocument document;
    std::vector<std::uint64_t> paddedShape;

    const std::vector<ChunkBox> &boxes(bool replaced) const
    {
        return replaced ? planned.replaced : planned.added;
    }

    /// Of a chunk, in the store.
    std::string key(const ChunkIndex &index) const
    {
        const auto chunk = planned.keys.key(index);
        return planned.path.empty() ? chunk : planned.path + "/" + chunk;
    }
};

}  // namespace mdimappend
