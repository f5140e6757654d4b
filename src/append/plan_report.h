// What a plan says of itself: to the report of its slice, with --dry-run in
// full, and to the trace.

#pragma once

#include "append/plan.h"
#include "append/report.h"

#include <string>

namespace mdimappend
{

void describe(const AppendPlan &plan, SliceReport &report);

/// What would be written, array by array.
Json toJson(const AppendPlan &plan);

/// `slice`: its name.
void tracePlan(const AppendPlan &plan, const std::string &slice);

}  // namespace mdimappend
