// The groups that a target lies in, and the names of its arrays.

#pragma once

#include "cube/target.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// "", "a", "a/b" of "a/b".
std::vector<std::string> pathAndParents(const std::string &group);

/// Reads the documents of the target's group and of its parents, and fills in
/// what they say: whether it exists, its format, where its metadata are
/// consolidated. Refuses what readers would disagree about.
Status readGroups(Storage &storage, const Site &site, bool onlyWhatGrows,
                  Target &target);

/// Full paths of the arrays directly in the group: as the consolidated metadata
/// list them, else as they are found in its folder.
/// Notes in `target` whether there may be groups below.
Result<std::vector<std::string>> arrayPaths(Storage &storage, const Site &site,
                                            Target &target);

/// Of a group in which there is nothing yet, or only other groups: what a new
/// target in it has to know. Such a one does not exist. Refused where
/// consolidated metadata of the group's own would not list new arrays.
Status readEmptyGroup(Storage &storage, const Site &site, Target &target);

}  // namespace mdimappend
