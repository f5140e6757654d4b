// The plan of a slice for a target that is there: guards, then the rows that
// are new or replaced, then the arrays that grow by them.

#pragma once

#include "append/plan.h"
#include "append/plan_request.h"
#include "cube/cube_state.h"

namespace mdimappend
{

/// Into `plan`. What had to be read of the target is kept in `cube`.
/// Failure::Refused, without the slice's name.
Status planGrowth(const PlanRequest &request, CubeState &cube,
                  AppendPlan &plan);

}  // namespace mdimappend
