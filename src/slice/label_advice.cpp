// Tries patterns on names, and looks for times of another name.

#include "slice/label_advice.h"

#include "slice/slice_label.h"
#include "slice/time_arrays.h"

#include <algorithm>
#include <vector>

namespace mdimappend
{

std::string labelAdvice(const std::string &sliceName)
{
    const std::string name = sliceName.substr(sliceName.find_last_of('/') + 1);
    const auto suffix = name.find_last_of('.');
    std::string known =
        "name:*_%Y%m%d*" + (suffix == name.npos ? "" : name.substr(suffix));
    for (const char *pattern :
         {"*%Y%m%dT%H%M%S*", "*%Y%m%d*", "*%Y-%m-%d*", "*%Y_%m_%d*"})
    {
        if (dateInName(name, pattern))
        {
            known = std::string("name:") + pattern;
            break;
        }
    }
    return "(--label, or --label-from '" + known +
           "' where the date is in the name)";
}

std::string renameAdvice(const SourceContents &contents,
                         const std::string &wanted)
{
    std::vector<std::string> times;
    for (const SourceDimension &dimension : contents.dimensions)
    {
        if (dimension.temporal)
            times.push_back(dimension.name);
    }
    for (const SourceArray &source : contents.arrays)
    {
        const auto &name = source.array.name;
        const auto &dimensions = source.array.dimensions;
        const bool isCandidate =
            dimensions.empty() ||
            (dimensions.size() == 1 && dimensions[0] == name);
        if (isCandidate && timeSign(source.array) >= TimeSign::Units &&
            std::ranges::find(times, name) == times.end())
            times.push_back(name);
    }
    std::erase(times, wanted);
    if (times.size() != 1)
        return {};
    return " Its '" + times[0] + "' is a time: --rename " + times[0] + "=" +
           wanted + " calls it so.";
}

}  // namespace mdimappend
