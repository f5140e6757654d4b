// The groups that a target lies in, and the names of its arrays.

#pragma once

#include "cube/target.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Reads the documents of the target's group and of its parents, and fills in
/// what they say: whether it exists, its format, where its metadata are
/// consolidated. Refuses what readers would disagree about.
Status readGroups(Storage &storage, const Site &site, bool onlyWhatGrows,
                  Target &target);

/// Full paths of the arrays directly in the group: as the consolidated metadata
/// list them, else as they are found in its folder.
Result<std::vector<std::string>> arrayPaths(Storage &storage, const Site &site,
                                            const Target &target);

}  // namespace mdimappend
