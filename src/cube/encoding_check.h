// Whether the settings contradict a target that is there.

#pragma once

#include "cube/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

namespace mdimappend
{

/// Refuses settings that contradict an existing target (Failure::Usage).
Status checkEncodings(const AppendOptions &options, const Target &target,
                      const Slice &slice);

}  // namespace mdimappend
