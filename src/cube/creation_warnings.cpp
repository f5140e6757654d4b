// Compares each array of a new target with the slice's, and looks for numbers
// that JSON does not have.

#include "cube/creation_warnings.h"

#include "zarr/document_key.h"

#include <algorithm>
#include <cmath>

namespace mdimappend
{

namespace
{

bool isStrictJson(const Json &value)
{
    if (value.is_number_float())
        return std::isfinite(value.get<double>());
    return !value.is_structured() || std::ranges::all_of(value, isStrictJson);
}

std::string joined(const std::vector<std::string> &names)
{
    std::string text;
    for (const auto &name : names)
        text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
}

std::string strictWarning(const std::string &whose, const Json &attributes)
{
    const auto names = notStrictJson(attributes);
    if (names.empty())
        return {};
    return whose + " has NaN or an infinity in " + joined(names) +
           ", which JSON does not have: readers that are strict about it "
           "(zarrs, zarrita.js, TensorStore) will not open the document. "
           "Another value, or null for none, can be set in the attrs of a "
           "settings file";
}

/// Values outside are told to be invalid in the slice, and not in the cube.
std::vector<std::string> lostRanges(const SliceArray &source,
                                    const NewArray &array)
{
    std::vector<std::string> names;
    for (const char *name : {"valid_min", "valid_max", "valid_range"})
    {
        if (source.attributes.contains(name) &&
            !array.attributes.contains(name))
            names.emplace_back(name);
    }
    return names;
}

/// GDAL's drivers pass over them, silently.
std::string lostWarning(const std::string &whose,
                        const std::vector<std::string> &names)
{
    if (names.empty())
        return {};
    const bool isOne = names.size() == 1;
    return whose + ": " + joined(names) + (isOne ? " is" : " are") +
           " left out: GDAL does not read attributes of " +
           (isOne ? "its type" : "their types") +
           " (of this kind are compounds, enums, opaque bytes, lists of any "
           "length, numbers of other than 32 or 64 bits). What they say can "
           "be set in the attrs of a settings file";
}

void addWarnings(const SliceArray &source, const NewArray &array,
                 std::vector<std::string> &warnings)
{
    const std::string whose = "array '" + source.name + "'";
    if (source.hasColours)
        warnings.push_back(whose +
                           ": its colour table is left out, for Zarr has no "
                           "place for one; the values are the indices");
    if (const auto names = lostRanges(source, array); !names.empty())
        warnings.push_back(whose + ": " + joined(names) +
                           " is left out, since the encoding is another; "
                           "values that it calls invalid are stored as values");
    if (auto warning = lostWarning(whose, source.lostAttributes);
        !warning.empty())
        warnings.push_back(std::move(warning));
    if (auto warning = strictWarning(whose, array.attributes); !warning.empty())
        warnings.push_back(std::move(warning));
}

}  // namespace

std::vector<std::string> notStrictJson(const Json &attributes)
{
    std::vector<std::string> names;
    for (const auto &[name, value] : attributes.items())
    {
        if (!isStrictJson(value))
            names.push_back(name);
    }
    return names;
}

std::string groupWarning(const Json &attributes)
{
    return strictWarning("the group", attributes);
}

std::vector<std::string> creationWarnings(const Slice &slice,
                                          const std::string &group,
                                          const std::vector<NewArray> &arrays)
{
    std::vector<std::string> warnings;
    for (const auto &source : slice.arrays())
    {
        const auto path = documentKey(group, source.name);
        const auto made = std::ranges::find(arrays, path, &NewArray::path);
        if (made != arrays.end())
            addWarnings(source, *made, warnings);
    }
    if (auto warning = lostWarning("the group", slice.lostAttributes());
        !warning.empty())
        warnings.push_back(std::move(warning));
    return warnings;
}

}  // namespace mdimappend
