// Whether labels that a slice has under another name go on with the target's.

#pragma once

#include "cube/target.h"
#include "slice/slice.h"
#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Warnings. Failure::Refused: they come from another array than the target's,
/// which has arrays of times along the append dimension, too.
Result<std::vector<std::string>> checkLabelSource(const Target &target,
                                                  const Slice &slice);

}  // namespace mdimappend
