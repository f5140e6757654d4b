// The guards: whether a slice may become part of a target, decided before the
// first write. A refusal names array, expected, found, and what to do.

#pragma once

#include "append/conversion.h"
#include "append/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <functional>
#include <string>
#include <vector>

namespace mdimappend
{

/// A target array along the append dimension, and the slice's array for it.
struct Match
{
    std::size_t targetArray = 0;
    std::size_t sliceArray = 0;
    Conversion conversion;
};

struct GuardReport
{
    std::vector<Match> matches;  ///< without the label array
    std::vector<std::string> ignoredArrays;
};

/// Names, order and sizes of dimensions, missing and extra arrays, types,
/// packing, missing values, units. Failure::Refused, without the slice's name.
Result<GuardReport> checkArrays(const Target &target, const Slice &slice);

/// Coordinates of the other dimensions: the values of `read` (an array of the
/// target as doubles or texts) against the slice's, within 1e-3 of a cell.
struct CoordinateValues
{
    std::vector<double> numbers;
    std::vector<std::string> texts;
};

Status checkCoordinate(const std::string &name, const CoordinateValues &target,
                       const CoordinateValues &slice);

}  // namespace mdimappend
