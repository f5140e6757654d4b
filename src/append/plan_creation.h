// The plan of a slice that makes the target: all of it is new.

#pragma once

#include "append/plan.h"
#include "append/plan_request.h"
#include "cube/cube_state.h"

namespace mdimappend
{

/// Into `plan`; `cube` becomes what it will be.
Status planCreation(const PlanRequest &request, CubeState &cube,
                    AppendPlan &plan);

}  // namespace mdimappend
