// All that a plan warns of comes out of one function.

#include "append/plan_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PlanWarnings, areNoneOfAPlanThatLeavesNothingOut)
{
    EXPECT_THAT(warningsOf(AppendPlan(), "a.nc"), IsEmpty());
}

TEST(PlanWarnings, areAllThatWasLeftOutIgnoredAndDoubted)
{
    AppendPlan plan;
    plan.ignoredArrays = {"wind"};
    plan.warnings = {"a doubt", "another"};
    plan.ignoredStatic = {"'mask': it is 1, the target has 0"};
    EXPECT_THAT(warningsOf(plan, "a.nc"),
                ElementsAre(HasSubstr("'wind'"), "a doubt", "another",
                            HasSubstr("slice 'a.nc', array 'mask'")));
}

}  // namespace
}  // namespace mdimappend
