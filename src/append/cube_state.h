// The cube as the next slice finds it: as it is stored, or, inside a batch, as
// it will be when the slices before have been committed.

#pragma once

#include "append/coordinate_guard.h"
#include "append/labels.h"
#include "append/target.h"

#include <map>
#include <string>

namespace mdimappend
{

struct CubeState
{
    Target target;
    /// Rows that are committed; those beyond are the batch's own.
    std::uint64_t committedRows = 0;
    bool labelsKnown = false;
    Labels labels;
    /// Coordinates of the other dimensions that were read so far.
    std::map<std::string, CoordinateValues> coordinates;
};

}  // namespace mdimappend
