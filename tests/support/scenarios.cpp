// The pairwise cover is found greedily, always the same for the same factors.

#include "support/scenarios.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>

namespace mdimappend::protocol_testing
{

namespace
{

using Pair = std::pair<Level, Level>;

std::set<Pair> pairsOf(const Scenario &scenario)
{
    std::set<Pair> pairs;
    const auto levels = levelsOf(scenario);
    for (std::size_t i = 0; i < levels.size(); ++i)
    {
        for (std::size_t j = i + 1; j < levels.size(); ++j)
            pairs.emplace(levels[i], levels[j]);
    }
    return pairs;
}

std::string text(bool level)
{
    return level ? "yes" : "no";
}

void describe(const CubeKind &kind, const std::string &what,
              std::vector<Level> &levels)
{
    levels.emplace_back(what + "format",
                        kind.format == ZarrFormat::V2 ? "V2" : "V3");
    levels.emplace_back(what + "consolidated", text(kind.consolidated));
    levels.emplace_back(what + "sharded", text(kind.sharded));
}

/// Each format, with and without consolidated metadata, and shards in V3.
std::vector<CubeKind> kinds()
{
    std::vector<CubeKind> all;
    for (const bool consolidated : {true, false})
    {
        all.push_back({ZarrFormat::V3, consolidated, false});
        all.push_back({ZarrFormat::V3, consolidated, true});
        all.push_back({ZarrFormat::V2, consolidated, false});
    }
    return all;
}

}  // namespace

std::vector<Level> levelsOf(const Scenario &scenario)
{
    std::vector<Level> levels = {
        {"step", name(scenario.step)},
        {"group", text(scenario.kind.inGroup)},
        {"batch", text(scenario.batch)},
        {"threads", std::to_string(scenario.threads)},
        {"syncfs", text(scenario.offersSyncfs)},
        {"groups", std::to_string(scenario.kind.groups)}};
    describe(scenario.kind, "", levels);
    if (scenario.overwrites())
        describe(scenario.old, "old ", levels);
    return levels;
}

std::vector<Scenario> allScenarios()
{
    std::vector<Scenario> all;
    const auto add = [&](const CubeKind &kind, Step step, const CubeKind &old)
    {
        for (const bool batch : {false, true})
        {
            for (const int threads : {1, 4})
            {
                for (const bool offersSyncfs : {true, false})
                    all.push_back(
                        {kind, step, old, batch, threads, offersSyncfs});
            }
        }
    };
    for (auto kind : kinds())
    {
        for (const auto step :
             {Step::Merging, Step::Aligned, Step::Create, Step::Replace})
        {
            for (const bool inGroup : {false, true})
            {
                kind.inGroup = inGroup;
                add(kind, step, {});
            }
        }
        // Whole stores are overwritten, not groups.
        kind.inGroup = false;
        for (const auto &old : kinds())
            add(kind, Step::Overwrite, old);
    }
    return all;
}

std::vector<Scenario> pairwiseCover(const std::vector<Scenario> &all)
{
    std::vector<std::set<Pair>> pairs;
    std::set<Pair> missing;
    for (const auto &scenario : all)
    {
        pairs.push_back(pairsOf(scenario));
        missing.insert(pairs.back().begin(), pairs.back().end());
    }
    std::vector<Scenario> chosen;
    while (!missing.empty())
    {
        // The first of those that bring most.
        std::size_t best = 0;
        std::ptrdiff_t most = 0;
        for (std::size_t i = 0; i < all.size(); ++i)
        {
            const auto brings = std::count_if(pairs[i].begin(), pairs[i].end(),
                                              [&](const Pair &pair)
                                              { return missing.count(pair); });
            if (brings > most)
            {
                most = brings;
                best = i;
            }
        }
        chosen.push_back(all[best]);
        for (const auto &pair : pairs[best])
            missing.erase(pair);
    }
    return chosen;
}

bool runsInFull()
{
    const char *value = std::getenv("MDIMAPPEND_ALL_SCENARIOS");
    return value && *value && std::string(value) != "0";
}

std::vector<Scenario> groupedScenarios()
{
    constexpr std::size_t groups = 3;
    auto all = allScenarios();
    for (auto &scenario : all)
        scenario.kind.groups = groups;
    if (runsInFull())
        return pairwiseCover(all);
    const CubeKind v3 = {.format = ZarrFormat::V3, .groups = groups};
    const CubeKind v2 = {.format = ZarrFormat::V2, .groups = groups};
    auto plain = v2;
    plain.consolidated = false;
    auto inGroup = v2;
    inGroup.inGroup = true;
    return {{.kind = v3, .step = Step::Merging, .batch = true},
            {.kind = inGroup, .step = Step::Replace, .threads = 4},
            {.kind = plain, .step = Step::Create, .offersSyncfs = false}};
}

std::size_t oneOfSoMany(const Scenario &scenario)
{
    return runsInFull() || scenario.kind.groups == 0 ? 1 : 23;
}

const std::vector<Scenario> &scenarios()
{
    static const auto list = []
    {
        auto some =
            runsInFull() ? allScenarios() : pairwiseCover(allScenarios());
        std::ranges::move(groupedScenarios(), std::back_inserter(some));
        return some;
    }();
    return list;
}

namespace
{

/// The steps that do most.
std::vector<Scenario> scenariosInFull()
{
    const CubeKind v2 = {ZarrFormat::V2, false};
    std::vector<Scenario> full = {{{ZarrFormat::V3, true}, Step::Merging},
                                  {v2, Step::Merging},
                                  {v2, Step::Create},
                                  {v2, Step::Overwrite, v2}};
    for (auto &scenario : full)
        scenario.offersSyncfs = scenario.kind.consolidated;
    return full;
}

bool isIn(const std::vector<Scenario> &list, const Scenario &scenario)
{
    return std::ranges::find(list, scenario) != list.end();
}

}  // namespace

bool runsInFull(const Scenario &scenario)
{
    return runsInFull() || isIn(scenariosInFull(), scenario);
}

std::vector<Scenario> nestedScenarios()
{
    auto list = scenarios();
    for (const auto &scenario : scenariosInFull())
    {
        if (!isIn(list, scenario))
            list.push_back(scenario);
    }
    return list;
}

std::vector<Scenario> someScenarios()
{
    if (runsInFull())
        return allScenarios();
    std::vector<Scenario> some;
    std::set<Step> steps;
    for (const auto &scenario : scenarios())
    {
        if (steps.insert(scenario.step).second)
            some.push_back(scenario);
    }
    return some;
}

}  // namespace mdimappend::protocol_testing
