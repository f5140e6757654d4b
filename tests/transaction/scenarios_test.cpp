// The scenarios that campaigns run on.

#include "support/scenarios.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

std::set<std::pair<Level, Level>> pairsIn(const std::vector<Scenario> &list)
{
    std::set<std::pair<Level, Level>> pairs;
    for (const auto &scenario : list)
    {
        for (const auto &one : levelsOf(scenario))
        {
            for (const auto &other : levelsOf(scenario))
                pairs.emplace(one, other);
        }
    }
    return pairs;
}

TEST(Scenarios, thePairwiseCoverHasEachPairThatIsPossible)
{
    const auto all = allScenarios();
    const auto cover = pairwiseCover(all);
    EXPECT_EQ(pairsIn(cover), pairsIn(all));
    EXPECT_LT(cover.size(), 24u);
    EXPECT_EQ(cover, pairwiseCover(all)) << "it is the same each time";
}

TEST(Scenarios, allOfThemDiffer)
{
    std::set<std::string> names;
    auto all = allScenarios();
    std::ranges::move(groupedScenarios(), std::back_inserter(all));
    for (const auto &scenario : all)
        names.insert(scenario.name());
    EXPECT_EQ(names.size(), all.size());
}

TEST(Scenarios, whatIsPossibleIsThere)
{
    const auto pairs = pairsIn(allScenarios());
    const auto has = [&](const Level &one, const Level &other)
    { return pairs.count({one, other}) != 0; };
    EXPECT_TRUE(has({"sharded", "yes"}, {"format", "V3"}));
    EXPECT_FALSE(has({"sharded", "yes"}, {"format", "V2"}));
    EXPECT_TRUE(has({"group", "yes"}, {"step", "Create"}));
    EXPECT_FALSE(has({"group", "yes"}, {"step", "Over"}));
    for (const char *step : {"Create", "Aligned", "Merging", "Replace", "Over"})
    {
        EXPECT_TRUE(has({"batch", "yes"}, {"step", step}));
        EXPECT_TRUE(has({"threads", "4"}, {"step", step}));
    }
}

}  // namespace
}  // namespace mdimappend
