// Looks at attributes only, but for the names of texts.

#include "slice/time_arrays.h"

#include "time/cf_time.h"
#include "time/foreign_text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mdimappend
{

namespace
{

bool isNamedAsTime(const std::string &name)
{
    const std::string lower = cf::lowerCase(name);
    return lower.find("time") != lower.npos || lower.find("date") != lower.npos;
}

/// Of the run, the instrument or the file, which steps share.
bool isOfSomethingElse(const std::string &name)
{
    const std::string lower = cf::lowerCase(name);
    constexpr std::array<std::string_view, 9> others = {
        "ref_time", "reftime", "reference", "analysis", "calib",
        "creat",    "process", "launch",    "deploy"};
    return std::ranges::any_of(others, [&](std::string_view other)
                               { return lower.find(other) != lower.npos; });
}

bool liesAlong(const SliceArray &array, const std::string &dimension)
{
    return array.dimensions.size() == 1 && array.dimensions[0] == dimension;
}

/// The surest sign of a time along the dimension.
TimeSign surestSign(SourceContents &contents, const std::string &dimension)
{
    const auto times = timesAlong(contents, dimension);
    return times.empty() ? TimeSign::None : timeSign(times.front()->array);
}

}  // namespace

bool isNameOfTime(const std::string &dimension)
{
    const std::string lower = cf::lowerCase(dimension);
    constexpr std::array<std::string_view, 6> names = {
        "t", "time", "times", "date", "dates", "datetime"};
    return std::ranges::find(names, lower) != names.end() ||
           (lower.ends_with("_time") && lower.find("lead") == lower.npos);
}

TimeSign timeSign(const std::string &name, const Json &attributes,
                  const std::string &units, bool isText)
{
    const std::string standardName = textMember(attributes, "standard_name");
    if (textMember(attributes, "axis") == "T")
        return TimeSign::Axis;
    if (standardName == "time")
        return TimeSign::StandardName;
    if (!standardName.empty() || isOfSomethingElse(name))
        return TimeSign::None;
    if (!isText && looksLikeTime(units))
        return TimeSign::Units;
    return isText && isNamedAsTime(name) ? TimeSign::Texts : TimeSign::None;
}

TimeSign timeSign(const SliceArray &array)
{
    return timeSign(array.name, array.attributes, array.units,
                    array.type.GetClass() == GEDTC_STRING);
}

std::vector<SourceArray *> timesAlong(SourceContents &contents,
                                      const std::string &dimension)
{
    std::vector<SourceArray *> times;
    TimeSign surest = TimeSign::Texts;
    for (SourceArray &source : contents.arrays)
    {
        if (!liesAlong(source.array, dimension))
            continue;
        const TimeSign sign = timeSign(source.array);
        if (sign < surest)
            continue;
        if (sign > surest)
            times.clear();
        surest = sign;
        times.push_back(&source);
    }
    return times;
}

SourceArray *exactTextsAlong(SourceContents &contents,
                             const std::string &dimension)
{
    SourceArray *times = contents.find("Times");
    return times && liesAlong(times->array, dimension) &&
                   timeSign(times->array) == TimeSign::Texts
               ? times
               : nullptr;
}

std::vector<std::string> dimensionsOfTimes(SourceContents &contents)
{
    std::vector<std::string> names;
    TimeSign surest = TimeSign::Units;
    for (const SourceDimension &dimension : contents.dimensions)
    {
        const TimeSign sign = surestSign(contents, dimension.name);
        if (sign < surest)
            continue;
        if (sign > surest)
            names.clear();
        surest = sign;
        names.push_back(dimension.name);
    }
    return names;
}

bool hasInstances(const SourceContents &contents)
{
    const std::string type =
        cf::lowerCase(textMember(contents.attributes, "featureType"));
    return type == "point" || type == "profile" ||
           type == "timeseriesprofile" || type == "trajectoryprofile";
}

std::string listTimes(SourceContents &contents)
{
    std::string list;
    for (const SourceDimension &dimension : contents.dimensions)
    {
        std::string names;
        for (const SourceArray &source : contents.arrays)
            if (liesAlong(source.array, dimension.name) &&
                timeSign(source.array) != TimeSign::None)
                names += (names.empty() ? "" : ", ") + source.array.name;
        if (!names.empty())
            list += (list.empty() ? "" : ", ") + dimension.name + " (" + names +
                    ")";
    }
    return list;
}

}  // namespace mdimappend
