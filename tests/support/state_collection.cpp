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

nlohmann::json describe(const CubeKind &kind, std::size_t rows,
                        std::size_t first, std::size_t anewFrom)
{
    const auto &shape = kind.shape;
    nlohmann::json state = {{"rows", rows},
                            {"first", first},
                            {"group", kind.group()},
                            {"consolidated", kind.consolidated},
                            {"format", static_cast<int>(kind.format)},
                            {"height", shape.height},
                            {"width", shape.width},
                            {"chunk_rows", shape.chunkRows},
                            {"chunk_width", shape.chunkWidth}};
    if (anewFrom != none)
        state["anew_from"] = anewFrom;
    return state;
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
    const auto add = [&](State state, const nlohmann::json &description)
    {
        if (!settled || campaign.recovered() == state)
            states.push_back(description);
    };
    const auto &kind = scenario.kind;
    add(State::Before, describe(scenario.overwrites() ? scenario.old : kind,
                                scenario.rowsBefore(), 0, none));
    if (settled || scenario.commits() > 1)
        add(State::Partly,
            describe(kind, scenario.rowsPartly(), scenario.firstRowAfter(),
                     scenario.anewFrom()));
    add(State::After, describe(kind, scenario.rowsAfter(),
                               scenario.firstRowAfter(), scenario.anewFrom()));
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
