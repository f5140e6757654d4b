// Looks at attributes only, but for the names of texts.

#include "slice/time_arrays.h"

#include "time/cf_time.h"
#include "time/foreign_text.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

bool isNamedAsTime(const std::string &name)
{
    const std::string lower = cf::lowerCase(name);
    return lower.find("time") != lower.npos || lower.find("date") != lower.npos;
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

TimeSign timeSign(const SliceArray &array)
{
    const bool isText = array.type.GetClass() == GEDTC_STRING;
    if (textMember(array.attributes, "axis") == "T")
        return TimeSign::Axis;
    if (textMember(array.attributes, "standard_name") == "time")
        return TimeSign::StandardName;
    if (!isText && looksLikeTime(array.units))
        return TimeSign::Units;
    return isText && isNamedAsTime(array.name) ? TimeSign::Texts
                                               : TimeSign::None;
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
