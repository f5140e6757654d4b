// What an intent becomes where all has to be staged, and where more slices
// follow.

#include "transaction/intent.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace mdimappend
{

namespace
{

/// The dimension in which `box` begins within `last`, or right after it, and
/// ends beyond. They are the same in all others.
std::optional<std::size_t> goesOnAlong(const ChunkBox &last,
                                       const ChunkBox &box)
{
    std::optional<std::size_t> along;
    for (std::size_t i = 0; i < last.low.size(); ++i)
    {
        if (box.low[i] == last.low[i] && box.high[i] == last.high[i])
            continue;
        const bool goesOn = box.low[i] >= last.low[i] &&
                            box.low[i] <= last.high[i] &&
                            box.high[i] > last.high[i];
        if (along || !goesOn)
            return std::nullopt;
        along = i;
    }
    return along;
}

bool isWithin(const ChunkBox &box, const ChunkBox &other)
{
    for (std::size_t i = 0; i < box.low.size(); ++i)
    {
        if (box.low[i] < other.low[i] || box.high[i] > other.high[i])
            return false;
    }
    return true;
}

}  // namespace

bool planAhead(std::vector<ChunkBox> &planned,
               const std::vector<ChunkBox> &added)
{
    bool isNew = false;
    for (const auto &box : added)
    {
        if (!planned.empty() && isWithin(box, planned.back()))
            continue;
        isNew = true;
        const auto along =
            planned.empty() ? std::nullopt : goesOnAlong(planned.back(), box);
        if (!along)
        {
            planned.push_back(box);
            continue;
        }
        auto &last = planned.back();
        last.high[*along] =
            box.high[*along] + (box.high[*along] - last.low[*along]);
    }
    return isNew;
}

void stageAll(PlannedArray &array)
{
    auto &[path, keys, added, replaced] = array;
    replaced.insert(replaced.end(), added.begin(), added.end());
    added.clear();
}

}  // namespace mdimappend
