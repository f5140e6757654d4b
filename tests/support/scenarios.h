// The factors that the protocol may depend on, and the scenarios that combine
// them.

#pragma once

#include "support/cube.h"

#include <string>
#include <utility>
#include <vector>

namespace mdimappend::protocol_testing
{

/// What can be told of a scenario: the name of a factor and its value.
using Level = std::pair<std::string, std::string>;

/// The levels of a scenario, one of each factor.
std::vector<Level> levelsOf(const Scenario &scenario);

/// Every combination that is possible.
std::vector<Scenario> allScenarios();

/// A few of `all` that contain each pair of levels that `all` contains.
std::vector<Scenario> pairwiseCover(const std::vector<Scenario> &all);

/// Whether campaigns run in full, as by hand, over all scenarios: the
/// environment variable MDIMAPPEND_ALL_SCENARIOS.
bool runsInFull();

/// The same factors with three groups in one commit, one of them made by it: a
/// few, or a pairwise cover where campaigns run in full.
std::vector<Scenario> groupedScenarios();

/// Scenarios with several groups make many more calls: of what a campaign does
/// at each point it does this part. 1: all.
std::size_t oneOfSoMany(const Scenario &scenario);

/// What campaigns run on: a pairwise cover, or all, and those with several
/// groups.
const std::vector<Scenario> &scenarios();

/// The same and a few more, for campaigns inside campaigns (a fault of the
/// recovery from a fault). They try samples, and all points where
/// runsInFull(scenario).
std::vector<Scenario> nestedScenarios();
bool runsInFull(const Scenario &scenario);

/// The same of fewer factors, for campaigns that add little to others: each
/// step once.
std::vector<Scenario> someScenarios();

}  // namespace mdimappend::protocol_testing

#define MDIMAPPEND_FOR_SCENARIOS(Suite, list)                                  \
    INSTANTIATE_TEST_SUITE_P(Of, Suite, testing::ValuesIn(list),               \
                             [](const auto &scenario)                          \
                             { return scenario.param.name(); })

#define MDIMAPPEND_FOR_EVERY_SCENARIO(Suite)                                   \
    MDIMAPPEND_FOR_SCENARIOS(Suite, scenarios())
