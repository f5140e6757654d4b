// Finds what the attributes of CF arrays refer to, and which arrays are data:
// those that are neither coordinates nor referred to.

#include "slice/cf_references.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace mdimappend
{

namespace
{

/// The names in an attribute. "area: cell_area" names a measure, then its
/// array, and so do terms of a formula; "crs: x y" names the grid mapping, then
/// its coordinates.
void addNames(std::vector<std::string> &names, const Json &attributes,
              const std::string &key)
{
    const bool labelsOnly = key == "cell_measures" || key == "formula_terms";
    std::istringstream words(textMember(attributes, key));
    for (std::string word; words >> word;)
    {
        const bool labelled = word.ends_with(':');
        if (labelled)
            word.pop_back();
        if (!(labelled && labelsOnly))
            names.push_back(std::move(word));
    }
}

}  // namespace

std::vector<std::string> referencedNames(const Json &attributes)
{
    constexpr std::array<const char *, 6> referring = {
        "bounds",       "climatology",   "coordinates",
        "grid_mapping", "cell_measures", "formula_terms"};
    std::vector<std::string> names;
    for (const char *key : referring)
        addNames(names, attributes, key);
    return names;
}

bool namesBounds(const Json &attributes, const std::string &array)
{
    return textMember(attributes, "bounds") == array ||
           textMember(attributes, "climatology") == array;
}

bool isDuration(const Json &attributes)
{
    return textMember(attributes, "dtype").starts_with("timedelta64");
}

bool isCoordinate(const std::string &name,
                  const std::vector<std::string> &dimensions)
{
    return dimensions.size() == 1 && dimensions.front() == name;
}

std::set<std::string> dataAmong(const std::vector<NamedArray> &arrays)
{
    std::set<std::string> referred;
    std::vector<std::string> terms;
    for (const auto &array : arrays)
    {
        for (auto &name : referencedNames(array.attributes))
            if (name != array.name)
                referred.insert(std::move(name));
        addNames(terms, array.attributes, "formula_terms");
    }
    std::set<std::string> data;
    for (const auto &array : arrays)
    {
        // Of a formula's terms, fields (a surface pressure) are data.
        const bool isField =
            array.dimensions.size() > 1 &&
            std::ranges::find(terms, array.name) != terms.end();
        if (!array.dimensions.empty() &&
            !isCoordinate(array.name, array.dimensions) &&
            (isField || !referred.contains(array.name)))
            data.insert(array.name);
    }
    return data;
}

}  // namespace mdimappend
