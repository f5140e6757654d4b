// Plans what is common to all appends: which documents must still be as they
// are, and which caches must go.

#include "append/plan.h"

#include "append/plan_checks.h"
#include "append/plan_creation.h"
#include "append/plan_growth.h"
#include "append/plan_report.h"

#include <utility>

namespace mdimappend
{

namespace
{

/// Tile-presence caches that would hide new chunks. In an object store GDAL
/// neither keeps nor reads any.
Status planDeletions(const PlanRequest &request, Intent &intent)
{
    if (request.storage.versions())
        return Status::ok();
    for (const auto &array : intent.arrays)
    {
        for (const char *cache : {"/.zarray.gmac", "/zarr.json.gmac"})
        {
            const auto key = array.planned.path + cache;
            MDIMAPPEND_ASSIGN(const auto state,
                              request.storage.state(request.site.object(key)));
            if (state)
                intent.deletions.push_back(key);
        }
    }
    return Status::ok();
}

/// Of the documents that change, those that are there.
void keepBase(const Documents &documents, Intent &intent)
{
    for (const auto &key : intent.order)
    {
        const auto found = documents.find(key);
        if (found != documents.end())
            intent.base[key] = found->second;
    }
}

Status settleGroups(const PlanRequest &request, AppendPlan &plan)
{
    for (const auto &group : request.slice.groupsLeftOut())
    {
        if (request.options.refuseExtraArrays)
            return refused("its group '" + group +
                           "' has the append dimension, too, and would be left "
                           "out (--on-extra-array error). --groups appends all "
                           "groups.");
        plan.warnings.push_back("group '" + group +
                                "' of the slices has the append dimension, "
                                "too, and was left out (--groups appends all)");
    }
    return Status::ok();
}

}  // namespace

Result<AppendPlan> planAppend(const PlanRequest &request, CubeState &cube)
{
    AppendPlan plan;
    if (cube.target.exists)
    {
        MDIMAPPEND_RETURN_IF_ERROR(planGrowth(request, cube, plan));
    }
    else
    {
        plan.after = cube;
        MDIMAPPEND_RETURN_IF_ERROR(planCreation(request, plan.after, plan));
    }
    MDIMAPPEND_RETURN_IF_ERROR(settleGroups(request, plan));
    const auto &leftOut = request.slice.leftOut();
    plan.warnings.insert(plan.warnings.end(), leftOut.begin(), leftOut.end());
    keepBase(cube.target.documents, plan.intent);
    MDIMAPPEND_RETURN_IF_ERROR(checkExtent(plan));
    MDIMAPPEND_RETURN_IF_ERROR(planDeletions(request, plan.intent));
    tracePlan(plan, request.slice.name());
    return plan;
}

}  // namespace mdimappend
