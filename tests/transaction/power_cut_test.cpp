// Promises T1, T2 and T5 when the power goes: everything that was synced is
// there, everything else may be, in any order (support/disk_history.h).

#include "storage/checksum.h"
#include "support/observer.h"

#include <functional>
#include <set>
#include <span>
#include <utility>

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

    Observer observer{campaign};

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
            // Right after a sync all losses leave the same, for instance.
            if (!m_tried.insert({whatIsThere(), mustBeIn}).second)
                continue;
            campaign.keepInterrupted(true);
            std::string wrong = observer.wrongAfterCut();
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

    /// All that the next writer can find, as a digest: names, modes, contents,
    /// and which folder is which.
    std::string whatIsThere() const
    {
        std::string text = campaign.copiesAreTheSame ? "same" : "copies";
        for (const auto &[name, entry] : readTree(campaign.parent()))
        {
            text += "\n" + name + "\n" + std::to_string(entry.mode) + "\n" +
                    sha256(entry.content);
            if (!entry.folder)
                continue;
            const auto identity = identityOf(campaign.parent() + "/" + name);
            text += std::to_string(identity.stx_ino) + " " +
                    std::to_string(identity.stx_btime.tv_sec) + " " +
                    std::to_string(identity.stx_btime.tv_nsec);
        }
        return sha256(text);
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
        return std::move(posix.history);
    }

  private:
    /// What has been found right; with whether the append had to be in.
    std::set<std::pair<std::string, bool>> m_tried;
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
    const auto part = oneOfSoMany(GetParam());
    for (std::size_t moment = last % part; moment <= last; moment += part)
        ASSERT_EQ(wrongAfterCut(history, moment, moment == last), "")
            << posix.trace();
    if (!GetParam().overwrites())
        return;
    // The disk was copied to another one then: no folder is known by its
    // identity.
    campaign.copiesAreTheSame = false;
    for (std::size_t moment = last % 2; moment <= last; moment += 2)
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
    const auto stride = (runsInFull() ? 1 : 2) * oneOfSoMany(GetParam());
    for (std::size_t i = std::hash<std::string>()(GetParam().name()) % stride;
         i < whole.changes().size(); i += stride)
    {
        std::string trace;
        auto history = killedAt(whole.changes()[i], trace);
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

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolPowerCut);

class ProtocolPowerCutOfRecovery : public ProtocolPowerCut
{
};

TEST_P(ProtocolPowerCutOfRecovery,
       duringTheRecoveryOfAKilledAppendChangesNothing)
{
    // In full where each file is synced by itself, elsewhere by samples.
    const bool inFull =
        runsInFull() || (runsInFull(GetParam()) && !GetParam().offersSyncfs &&
                         GetParam().rowsBefore() > 0);
    const auto part = oneOfSoMany(GetParam());
    campaign.restart();
    FaultPosix whole;
    ASSERT_TRUE(campaign.append(whole).status);
    for (std::size_t i = 3; i < whole.changes().size();
         i += inFull ? 1 : 17 * part)
    {
        std::string trace;
        auto history = killedAt(whole.changes()[i], trace);
        const auto crash = history->moments() - 1;
        FaultPosix recovery;
        campaign.prepare(recovery);
        recovery.history = std::move(history);
        const auto recovered = recoverTarget(campaign.target(), recovery);
        ASSERT_TRUE(recovered) << recovered.message();
        for (auto moment = crash; moment < recovery.history->moments();
             moment += part)
            ASSERT_EQ(wrongAfterCut(*recovery.history, moment, false, 4), "")
                << trace << "recovery\n"
                << recovery.trace();
    }
}

MDIMAPPEND_FOR_SCENARIOS(ProtocolPowerCutOfRecovery, nestedScenarios());

}  // namespace
}  // namespace mdimappend
