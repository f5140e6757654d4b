// What arrays are to each other by the CF conventions: which refers to which,
// which are coordinates, and which are the data.

#pragma once

#include "json/json_text.h"

#include <set>
#include <string>
#include <vector>

namespace mdimappend
{

/// The names that an array's CF attributes refer to: bounds, climatology,
/// coordinates, grid_mapping, cell_measures, formula_terms.
std::vector<std::string> referencedNames(const Json &attributes);

/// Whether the attributes name `array` as bounds, or climatological ones.
bool namesBounds(const Json &attributes, const std::string &array);

/// Whether the attributes say that the array holds durations
/// (`dtype = "timedelta64[ns]"`, as xarray writes).
bool isDuration(const Json &attributes);

/// Whether an array is the coordinate of a dimension: along it alone, and named
/// as it.
bool isCoordinate(const std::string &name,
                  const std::vector<std::string> &dimensions);

struct NamedArray
{
    const std::string &name;
    const std::vector<std::string> &dimensions;
    const Json &attributes;
};

/// The names of those that are data: no coordinates, no scalars, and nothing
/// that others refer to (bounds, grid mappings, ...).
std::set<std::string> dataAmong(const std::vector<NamedArray> &arrays);

}  // namespace mdimappend
