// What the attributes of CF arrays refer to.

#pragma once

#include "json/json_text.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// The names that an array's CF attributes refer to: bounds, climatology,
/// coordinates, grid_mapping, cell_measures.
std::vector<std::string> referencedNames(const Json &attributes);

}  // namespace mdimappend
