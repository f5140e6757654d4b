// Finds what the attributes of CF arrays refer to, and which arrays are data:
// those that are neither coordinates nor referred to.

#include "slice/cf_references.h"

#include <array>
#include <sstream>

namespace mdimappend
{

std::vector<std::string> referencedNames(const Json &attributes)
{
    constexpr std::array<const char *, 5> referring = {
        "bounds", "climatology", "coordinates", "grid_mapping",
        "cell_measures"};
    std::vector<std::string> names;
    for (const char *key : referring)
    {
        const auto found = attributes.find(key);
        if (found == attributes.end() || !found->is_string())
            continue;
        std::istringstream words(found->get<std::string>());
        const bool measures = std::string_view(key) == "cell_measures";
        for (std::string word; words >> word;)
        {
            const bool labelled = word.ends_with(':');
            if (labelled)
                word.pop_back();
            // "area: cell_area" names a measure, then its array; "crs: x y"
            // names the grid mapping, then its coordinates.
            if (!(labelled && measures))
                names.push_back(std::move(word));
        }
    }
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
    for (const auto &array : arrays)
    {
        for (auto &name : referencedNames(array.attributes))
            if (name != array.name)
                referred.insert(std::move(name));
    }
    std::set<std::string> data;
    for (const auto &array : arrays)
    {
        if (!array.dimensions.empty() &&
            !isCoordinate(array.name, array.dimensions) &&
            !referred.contains(array.name))
            data.insert(array.name);
    }
    return data;
}

}  // namespace mdimappend
