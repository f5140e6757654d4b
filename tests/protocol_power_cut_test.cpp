// Promises T1, T2 and T5 when the power goes: everything that was synced is
// there, everything else may be, in any order (support/disk_history.h).

#include "support/campaign.h"

#include <span>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using Loss = DiskHistory::Loss;

class ProtocolPowerCut : public EveryScenario
{
  protected:
    using State = Campaign::State;

    struct Variant
    {
        Loss loss;
        unsigned seed;
        const char *name;
    };

    static constexpr Variant variants[] = {
        {Loss::All, 0, "all that was not synced is lost"},
        {Loss::ButLatest, 0, "all but the latest operation is lost"},
        {Loss::Random, 1, "random losses, seed 1"},
        {Loss::Contents, 0, "contents that were not synced are lost"},
        {Loss::Torn, 0, "contents that were not synced are torn"},
        {Loss::Random, 2, "random losses, seed 2"}};

    /// What a reader of the cube finds before any recovery.
    std::string wrongForReader() const
    {
        if (GetParam().overwrites())
            return campaign.state() != State::Neither
                       ? ""
                       : "the store is neither the old nor the new one\n" +
                             campaign.describeState();
        const auto key = "cube.zarr/" + GetParam().kind.consolidatedKey();
        const auto found = campaign.store();
        const auto document = found.find(key);
        const auto old = campaign.before().find(key);
        if (document == found.end())
            return old == campaign.before().end() ? "" : key + " has vanished";
        if (old != campaign.before().end() && document->second == old->second)
            return "";
        if (document->second != campaign.after().at(key))
            return key + " is neither old nor new";
        if (!GetParam().kind.consolidated)
            return "";
        for (const auto &[name, entry] : campaign.after())
        {
            const bool isDocument = name.ends_with("zarr.json") ||
                                    name.find("/.z") != std::string::npos;
            if (isDocument || entry.folder)
                continue;
            const auto chunk = found.find(name);
            if (chunk == found.end() || chunk->second.content != entry.content)
                return "the new " + key + " is ahead of chunk " + name;
        }
        return "";
    }

    /// Cuts the power at a moment in every way, and lets the next writer
    /// come. "" if all is well.
    std::string wrongAfterCut(const DiskHistory &history, std::size_t moment,
                              bool mustBeIn, std::size_t ways = 6)
    {
        for (const auto &variant : std::span(variants).first(ways))
        {
            campaign.restart(
                [&](const std::string &folder)
                { history.cut(moment, variant.loss, variant.seed, folder); });
            std::string wrong = wrongForReader();
            if (wrong.empty())
                wrong = campaign.recover();
            if (wrong.empty() && mustBeIn &&
                campaign.recovered() != State::After)
                wrong = "an acknowledged append was lost";
            if (wrong.empty())
                wrong = campaign.retry();
            if (!wrong.empty())
                return wrong + "\npower cut at moment " +
                       std::to_string(moment) + " of " +
                       std::to_string(history.moments()) + ", after " +
                       history.describe(moment) + ": " + variant.name + "\n";
        }
        return "";
    }

    /// An append killed at call n, on a disk whose history is kept.
    std::unique_ptr<DiskHistory> killedAt(std::uint64_t n, std::string &trace)
    {
        campaign.restart();
        FaultPosix posix({Fault::Kind::KillAfter, n, EIO, ""});
        posix.history = std::make_unique<DiskHistory>(campaign.parent());
        static_cast<void>(campaign.append(posix));
        trace =
            "append killed at call " + std::to_string(n) + "\n" + posix.trace();
        return posix.hit() ? std::move(posix.history) : nullptr;
    }
};

TEST_P(ProtocolPowerCut, atAnyMomentOfAnAppendLeavesTheOldOrTheNewState)
{
    campaign.restart();
    FaultPosix posix;
    posix.history = std::make_unique<DiskHistory>(campaign.parent());
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    const auto &history = *posix.history;
    const auto last = history.moments() - 1;
    for (std::size_t moment = 0; moment <= last; ++moment)
        ASSERT_EQ(wrongAfterCut(history, moment, moment == last), "")
            << posix.trace();
    if (!GetParam().overwrites())
        return;
    // The disk was copied to another one then: no folder is known by its
    // identity.
    campaign.copiesAreTheSame = false;
    for (std::size_t moment = 0; moment <= last; ++moment)
        ASSERT_EQ(wrongAfterCut(history, moment, moment == last, 3), "")
            << posix.trace();
}

TEST_P(ProtocolPowerCut, anAcknowledgedAppendSurvivesAlsoAfterAKilledOne)
{
    // What the killed process did and did not sync is the next one's to make
    // durable.
    campaign.restart();
    FaultPosix whole;
    ASSERT_TRUE(campaign.append(whole).status);
    for (const auto n : whole.changes())
    {
        std::string trace;
        auto history = killedAt(n, trace);
        ASSERT_TRUE(history);
        FaultPosix next;
        next.history = std::move(history);
        const auto report = campaign.append(next);
        ASSERT_TRUE(report.status) << report.status.message() << trace;
        ASSERT_EQ(
            wrongAfterCut(*next.history, next.history->moments() - 1, true, 3),
            "")
            << trace << "the next append\n"
            << next.trace();
    }
}

TEST_P(ProtocolPowerCut, duringTheRecoveryOfAKilledAppendChangesNothing)
{
    // In full where each file is synced by itself, elsewhere by samples.
    const bool inFull = GetParam().name() == "V2PlainMerging" ||
                        GetParam().name() == "V2PlainOverV2Plain";
    campaign.restart();
    FaultPosix whole;
    ASSERT_TRUE(campaign.append(whole).status);
    for (std::size_t i = 3; i < whole.changes().size(); i += inFull ? 1 : 13)
    {
        std::string trace;
        auto history = killedAt(whole.changes()[i], trace);
        ASSERT_TRUE(history);
        const auto crash = history->moments() - 1;
        FaultPosix recovery;
        recovery.offersSyncfs = campaign.offersSyncfs;
        recovery.history = std::move(history);
        const auto recovered = recoverTarget(campaign.target(), recovery);
        ASSERT_TRUE(recovered) << recovered.message();
        for (auto moment = crash; moment < recovery.history->moments();
             ++moment)
            ASSERT_EQ(wrongAfterCut(*recovery.history, moment, false, 4), "")
                << trace << "recovery\n"
                << recovery.trace();
    }
}

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolPowerCut);

}  // namespace
}  // namespace mdimappend
