// Finds the names that the attributes of a CF array refer to: bounds,
// coordinates, grid mappings, cell measures.

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

}  // namespace mdimappend
