// Puts into words what a plan leaves out and ignores, besides its warnings.

#include "append/plan_warnings.h"

namespace mdimappend
{

std::vector<std::string> warningsOf(const AppendPlan &plan,
                                    const std::string &slice)
{
    std::vector<std::string> warnings;
    for (const auto &name : plan.ignoredArrays)
        warnings.push_back("array '" + name +
                           "' of the slices is not in the target and was left "
                           "out");
    warnings.insert(warnings.end(), plan.warnings.begin(), plan.warnings.end());
    for (const auto &difference : plan.ignoredStatic)
        warnings.push_back("slice '" + slice + "', array " + difference +
                           ", which stays (--on-static ignore)");
    return warnings;
}

}  // namespace mdimappend
