// The dimension that a target grows along, and how far it has grown.

#pragma once

#include "cube/target.h"

#include <string>

namespace mdimappend
{

/// `asked`, if it is not ""; else what the newest record of the log names, else
/// `time`, else the one coordinate with axis T. "" if there is none of these.
Result<std::string> findAppendDim(Storage &storage, const Site &site,
                                  const Target &target,
                                  const std::string &asked);

/// Fills in the axis of each array along the target's append dimension, and the
/// target's size. Failure::Conflict if arrays differ in size.
Status findAxes(Target &target);

}  // namespace mdimappend
