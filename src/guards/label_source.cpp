// Finds the arrays of times in the target as they are found in a slice: by the
// surest sign.

#include "guards/label_source.h"

#include "slice/time_arrays.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// Those along the append dimension that say most surely that they are times,
/// without the labels.
std::vector<std::string> timesBesideLabels(const Target &target)
{
    std::vector<std::string> names;
    TimeSign surest = TimeSign::Texts;
    for (const TargetArray &array : target.arrays)
    {
        const auto &document = array.document;
        if (!array.axis || document.rank() != 1 || &array == target.labels())
            continue;
        const TimeSign sign =
            timeSign(array.name, document.attributes, array.units,
                     document.dataType.isString());
        if (sign < surest)
            continue;
        if (sign > surest)
            names.clear();
        surest = sign;
        names.push_back(array.name);
    }
    return names;
}

}  // namespace

Result<std::vector<std::string>> checkLabelSource(const Target &target,
                                                  const Slice &slice)
{
    const auto &arrays = slice.arrays();
    const auto labels = std::ranges::find_if(arrays, &SliceArray::labels);
    if (!target.labels() || labels == arrays.end() || labels->labelsOf.empty())
        return std::vector<std::string>();
    const std::string &source = labels->labelsOf;
    const auto times = timesBesideLabels(target);
    if (std::ranges::find(times, source) != times.end())
        return std::vector<std::string>();
    if (times.empty())
        return std::vector{"the labels are the times of '" + source +
                           "', an array that the target does not have"};
    if (std::ranges::find(arrays, times.front(), &SliceArray::name) !=
        arrays.end())
        return std::vector<std::string>();
    return refused("its labels would be the times of '" + source +
                   "', and the target's are those of '" + times.front() +
                   "', which it does not have. If they are the same times, "
                   "--rename " +
                   source + "=" + times.front() + " calls them so.");
}

}  // namespace mdimappend
