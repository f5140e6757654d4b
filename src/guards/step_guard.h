// The guard for the steps between labels (`--step`).

#pragma once

#include "cube/labels.h"
#include "settings/step.h"

namespace mdimappend
{

/// Checks the slice's labels from `firstNew` on against the rule: each against
/// the one before it, the first against the target's last one.
Status checkStep(const StepRule &rule, const Labels &target,
                 const Labels &slice, std::size_t firstNew);

}  // namespace mdimappend
