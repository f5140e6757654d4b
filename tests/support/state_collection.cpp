// Each state is kept once, by the digest of what its files hold.

#include "support/state_collection.h"

#include "storage/checksum.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace mdimappend::protocol_testing
{

namespace fs = std::filesystem;

namespace
{

std::string fingerprint(const Tree &tree)
{
    std::string text;
    for (const auto &[name, entry] : tree)
        text += name + "\n" + sha256(entry.content) + "\n";
    return sha256(text).substr(std::string_view("sha256:").size(), 16);
}

nlohmann::json describe(const Held &held)
{
    const auto &kind = held.kind;
    const auto &shape = kind.shape;
    nlohmann::json cube = {{"rows", held.rows},
                           {"first", held.first},
                           {"group", kind.group()},
                           {"part", kind.part},
                           {"consolidated", kind.consolidated},
                           {"format", static_cast<int>(kind.format)},
                           {"height", shape.height},
                           {"width", shape.width},
                           {"chunk_rows", shape.chunkRows},
                           {"chunk_width", shape.chunkWidth}};
    if (held.anewFrom != none)
        cube["anew_from"] = held.anewFrom;
    return cube;
}

/// One for each group.
nlohmann::json describe(const std::vector<Held> &groups)
{
    auto cubes = nlohmann::json::array();
    for (const auto &held : groups)
        cubes.push_back(describe(held));
    return cubes;
}

}  // namespace

void keepState(const Campaign &campaign, Left how)
{
    const char *folder = std::getenv("MDIMAPPEND_STATES");
    if (!folder || !*folder)
        return;
    const auto &scenario = campaign.scenario();
    static constexpr const char *hows[] = {"settled", "killed", "power-cut"};
    const std::string left = hows[static_cast<int>(how)];
    const bool settled = how == Left::Settled;
    const auto name =
        scenario.name() + "-" + left + "-" + fingerprint(campaign.store());
    static std::set<std::string> known;
    if (!known.insert(name).second)
        return;

    using State = Campaign::State;
    auto states = nlohmann::json::array();
    const auto add = [&](State state, Scenario::Moment moment)
    {
        if (!settled || campaign.recovered() == state)
            states.push_back(describe(scenario.held(moment)));
    };
    add(State::Before, Scenario::Moment::Before);
    if (settled || scenario.commits() > 1)
        add(State::Partly, Scenario::Moment::Partly);
    add(State::After, Scenario::Moment::After);
    const auto store = fs::path(folder) / name;
    fs::create_directories(store);
    if (fs::exists(campaign.target()))
        fs::copy(campaign.target(), store / "cube.zarr",
                 fs::copy_options::recursive);
    std::ofstream(fs::path(folder) / "states.jsonl", std::ios::app)
        << nlohmann::json{{"store", name + "/cube.zarr"},
                          {"left", left},
                          {"replaces", scenario.step == Step::Replace},
                          {"states", states}}
               .dump()
        << "\n";
}

}  // namespace mdimappend::protocol_testing
