// Coordinates of the other dimensions, as `begin` has seen them: each an object
// of its own in the journal, read by the parts that bring some of it.

#pragma once

#include "cube/coordinates.h"
#include "distributed/session.h"
#include "slice/slice.h"

#include <cstdint>
#include <map>
#include <string>

namespace mdimappend
{

Status
keepCoordinates(Storage &storage, const Site &site, const Session &session,
                const std::map<std::string, CoordinateValues> &coordinates);

/// Of those that the slice has of them they are the transaction's, from `at`
/// on (by dimension, 0 if it is not named). Failure::Refused, without the
/// slice's name, if not.
Status checkCoordinatesOfPart(Storage &storage, const Site &site,
                              const Session &session, const Slice &slice,
                              const std::map<std::string, std::uint64_t> &at);

}  // namespace mdimappend
