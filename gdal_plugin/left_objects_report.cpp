// Lists objects as JSON and as text.

#include "left_objects_report.h"

namespace mdimappend
{

Json objectsJson(const LeftObjects &left)
{
    const auto list = [](const std::vector<ListedObject> &objects)
    {
        Json all = Json::array();
        for (const auto &object : objects)
            all.push_back({{"key", object.key}, {"size", object.size}});
        return all;
    };
    return {{"beyond_shape", list(left.beyondShape)},
            {"of_no_array", list(left.ofNoArray)},
            {"staged", list(left.staged)},
            {"decisions", left.decisions}};
}

std::string objectsText(const LeftObjects &left)
{
    std::string text;
    const auto add =
        [&](const char *what, const std::vector<ListedObject> &objects)
    {
        for (const auto &object : objects)
            text += std::string(what) + ": " + object.key + " (" +
                    std::to_string(object.size) + " bytes)\n";
    };
    add("beyond the shape", left.beyondShape);
    add("of no array", left.ofNoArray);
    add("staged", left.staged);
    for (const auto &transaction : left.decisions)
        text += "old decision: " + transaction + "\n";
    return text.empty() ? "no objects are left over\n" : text;
}

}  // namespace mdimappend
