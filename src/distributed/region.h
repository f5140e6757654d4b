// A write to a region: values within the target's shape are replaced, and
// nothing else of it changes.

#pragma once

#include "cube/cube_state.h"
#include "distributed/session.h"
#include "slice/slice.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace mdimappend
{

/// Indices [first, end) by dimension.
using IndexRanges =
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;

struct RegionRequest
{
    const IndexRanges &region;
    const AppendOptions &options;
    const Site &site;
    Storage &storage;
    const Slice &like;  ///< the template
};

/// What is written is what the template has of the target's arrays along the
/// append dimension, but for labels. Reads labels and coordinates of the cube.
Status describeRegion(const RegionRequest &request, CubeState &cube,
                      Session &session);

}  // namespace mdimappend
