// The coordinates of the other dimensions, as a slice and its target both have
// them.

#pragma once

#include "cube/coordinates.h"
#include "cube/target.h"
#include "slice/slice.h"
#include "status.h"

#include <optional>
#include <set>
#include <string>

namespace mdimappend
{

/// The names of arrays without the append dimension, in both, that are
/// coordinates: 1D and named as their dimension, named by a `coordinates`
/// attribute, told to be positions by their own attributes (`standard_name`,
/// `axis`, units of latitude and longitude), or bounds of such ones. What has
/// no dimension is none.
std::set<std::string> coordinatesOf(const Target &target, const Slice &slice);

/// A slice's values, unpacked, in the units of the target's array.
/// Failure::Refused if the units differ in kind.
Result<CoordinateValues> sliceCoordinate(const Slice &slice,
                                         const Target &target,
                                         const std::string &name,
                                         bool ignoreUnits);

/// All elements of a buffer of numbers.
CoordinateValues coordinateValues(const void *elements,
                                  const GDALExtendedDataType &type,
                                  const std::vector<std::uint64_t> &shape);

/// value = code * scale + offset, in place.
void unpack(CoordinateValues &values, std::optional<double> scale,
            std::optional<double> offset);

}  // namespace mdimappend
