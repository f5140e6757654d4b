// Refusals of a whole plan, before anything of it is written.

#include "append/plan_checks.h"

#include <algorithm>
#include <string>

namespace mdimappend
{

Status checkAlignment(const AppendOptions &options, const TargetArray &array,
                      std::uint64_t before, std::uint64_t size)
{
    const auto rows = array.document.chunk[*array.axis];
    const bool aligned = before % rows == 0 && size % rows == 0;
    if (!options.requireAligned || array.document.rank() < 2 || aligned)
        return Status::ok();
    return refused("array '" + array.name + "': rows " +
                   std::to_string(before) + " to " + std::to_string(size) +
                   " do not fill whole chunks of " + std::to_string(rows) +
                   " (--require-aligned).");
}

Status checkShards(const AppendOptions &options, const CubeState &cube,
                   const RowDecision &rows, const TargetArray &array,
                   const TouchedBoxes &boxes)
{
    const auto &document = array.document;
    if (!document.sharded || options.mergeShards)
        return Status::ok();
    if (rows.replacedRows > 0 && !boxes.replaced.empty())
        return refused("array '" + array.name +
                       "': replacing steps would replace shards, and a "
                       "reader could fail at that moment. --merge-shards "
                       "allows it.");
    const auto perShard = document.chunk[*array.axis];
    const auto size = cube.target.size;
    // A shard that this commit began is nobody's to read yet.
    const bool isRead = cube.committedRows % perShard != 0 &&
                        size / perShard == cube.committedRows / perShard;
    if (!isRead || boxes.replaced.empty())
        return Status::ok();
    return refused("array '" + array.name +
                   "': the append would replace a "
                   "partly filled shard (" +
                   std::to_string(size % perShard) + " of " +
                   std::to_string(perShard) +
                   " rows), and a reader could fail at that moment. "
                   "--merge-shards allows it.");
}

Status checkExtent(const AppendPlan &plan)
{
    constexpr std::uint64_t mostChunks = std::uint64_t{1} << 25;
    constexpr auto mostElements = std::uint64_t{1} << 63;
    std::uint64_t chunks = 0;
    for (const auto &array : plan.intent.arrays)
    {
        std::uint64_t elements = 1;
        for (const auto size : array.paddedShape)
        {
            if (__builtin_mul_overflow(elements, size, &elements) ||
                elements >= mostElements)
                return refused("array '" + array.document.path +
                               "' would have 2^63 elements or more.");
        }
        for (const auto *boxes :
             {&array.planned.added, &array.planned.replaced})
            for (const auto &box : *boxes)
                chunks += std::min(box.count(), mostChunks + 1);
        if (chunks > mostChunks)
            return refused("array '" + array.document.path +
                           "': it would bring more than " +
                           std::to_string(mostChunks) +
                           " chunks in one commit. Append smaller slices, or "
                           "make a target with larger chunks.");
    }
    return Status::ok();
}

}  // namespace mdimappend
