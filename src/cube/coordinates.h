// The guard for the coordinates of the other dimensions: a flipped or shifted
// grid is refused.

#pragma once

#include "status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

/// All values of one coordinate array, unpacked, in C order of `shape`.
struct CoordinateValues
{
    std::vector<std::uint64_t> shape;
    std::vector<double> numbers;
    std::vector<std::string> texts;
    /// Integers, as they are stored: equal or another, like the numbers of
    /// stations.
    bool whole = false;
};

/// Refuses values that differ by more than 1e-3 of a cell: of the distance to
/// the neighbours along any axis. A value that is alone has none, and may
/// differ by 1e-6 of itself; integers must be equal.
Status checkCoordinate(const std::string &name, const CoordinateValues &target,
                       const CoordinateValues &slice);

}  // namespace mdimappend
