// All that a slice is warned of, in one list. Guards and the planner note what
// they find, each in its own form; nobody else makes warnings of a plan, so
// that terminal, report and log record all have the same.

#pragma once

#include "append/plan.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// `slice`: its name, as reports have it.
std::vector<std::string> warningsOf(const AppendPlan &plan,
                                    const std::string &slice);

}  // namespace mdimappend
