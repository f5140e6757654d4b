// The attributes of the target's group: whose they are (`--attributes`), and
// what the settings fix.

#pragma once

#include "cube/cube_state.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"
#include "transaction/transaction.h"

namespace mdimappend
{

/// Whether an append may change them at all.
bool mayChangeAttributes(const AppendOptions &options);

/// Refuses templates in the settings that stand for nothing (Failure::Usage).
Status checkTemplates(const AppendOptions &options);

/// The attributes that the target's group has now.
Result<Json> presentAttributes(const Target &target, const std::string &group);

/// Puts the attributes that the group has after the append into the intent's
/// documents, each consolidated copy's too, and into `cube`, which is as it
/// will be: `present`, the slice's, and those of the settings with their
/// templates expanded. `create`: the target is being made.
Status setAttributes(const AppendOptions &options, const Site &site,
                     const Slice &slice, const Json &present, bool create,
                     CubeState &cube, Intent &intent);

}  // namespace mdimappend
