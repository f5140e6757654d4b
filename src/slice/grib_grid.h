// The grid of a GRIB message, as far as it tells where points are.

#pragma once

#include "slice/grib_sections.h"

#include <string>

namespace mdimappend
{

/// Equal for messages with the same points: without what a grid's section says
/// of vertical coordinates and of the components of winds, and whatever the
/// order of the rows of a regular grid, which GDAL turns.
std::string gribGrid(const GribSections &message);

/// "5 x 4 points from 50 N, 0 E to 47 N, 4 E"
std::string gribGridWords(const GribSections &message);

}  // namespace mdimappend
