// Bits that flip: in what is read from a disk that is whole, and on the disk.
// Records have checksums, so that a wrong one is never followed; and what was
// committed is never lost, whatever a reader of the journal makes of it.

#include "support/campaign.h"

#include <algorithm>
#include <filesystem>
#include <format>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
namespace fs = std::filesystem;

class ProtocolDamage : public EveryScenario
{
  protected:
    using State = Campaign::State;

    /// Numbers that differ from try to try, the same in each run.
    std::uint64_t some()
    {
        return m_random =
                   m_random * 6364136223846793005U + 1442695040888963407U;
    }

    std::uint64_t bit()
    {
        return some() >> 20;
    }

    /// The calls of an append that change something, a few of them.
    std::vector<std::uint64_t> killPoints()
    {
        campaign.restart();
        FaultPosix whole;
        EXPECT_TRUE(campaign.append(whole).status);
        std::vector<std::uint64_t> points;
        const auto &changes = whole.changes();
        for (std::size_t i = some() % stride(); i < changes.size();
             i += stride())
            points.push_back(changes[i]);
        return points;
    }

    static std::size_t stride()
    {
        return (runsInFull() ? 1 : 11) * oneOfSoMany(GetParam());
    }

    /// A plan that cannot be read, and nothing else of a journal, counts as one
    /// that a power cut has torn before anything else was written. Where it was
    /// not so, chunks stay that no reader sees.
    bool onlyThePlanWasThere(const std::string &damaged) const
    {
        const auto folder = fs::path(damaged).parent_path();
        return damaged.ends_with("/plan") && !fs::exists(folder / "manifest") &&
               !fs::exists(folder / "decision");
    }

    bool isOnlyPlan() const
    {
        const auto journals = campaign.target() + ".mdimappend/journal";
        if (!fs::exists(journals))
            return false;
        return std::ranges::any_of(
            fs::directory_iterator(journals), [this](const auto &journal)
            { return onlyThePlanWasThere(journal.path().string() + "/plan"); });
    }

    /// A hint at a record that is not there: the log is taken for damaged.
    static bool isAheadOfTheLog(const fs::path &head, const std::string &text)
    {
        const auto hint = parseJson(text);
        if (!hint)
            return false;
        const Json &number = member(*hint, "sequence");
        return number.is_number_integer() && number.get<std::int64_t>() > 0 &&
               !fs::exists(
                   head.parent_path() /
                   std::format("{:012}.json", number.get<std::uint64_t>()));
    }

    std::string wrongAfter(bool onlyPlan, bool logIsDamaged = false)
    {
        if (onlyPlan)
        {
            FaultPosix clean;
            campaign.prepare(clean);
            const auto recovered = recoverTarget(campaign.target(), clean);
            // One whole but for its version is of a younger writer.
            if (!recovered && recovered.kind() == Failure::Conflict &&
                recovered.message().find("does not know") != std::string::npos)
                return campaign.wrongIfLost();
            return recovered ? campaign.wrongIfLost() : recovered.message();
        }
        auto wrong = campaign.recoverOrFreeze(logIsDamaged);
        if (wrong.empty() && !campaign.frozen() && !logIsDamaged)
            wrong = campaign.retry();
        return wrong;
    }

  private:
    std::uint64_t m_random = std::hash<std::string>()(GetParam().name());
};

TEST_P(ProtocolDamage, ofAnyReadOfAnAppendLosesNothing)
{
    campaign.mayBePartly = true;
    Fault fault{Fault::Kind::FlippedRead, 1, 0, "read"};
    for (;; fault.at += oneOfSoMany(GetParam()))
    {
        fault.bit = bit();
        campaign.restart();
        FaultPosix posix(fault);
        const auto report = campaign.append(posix);
        const bool isIn = campaign.state() == State::After;
        auto wrong = report.status && !isIn
                         ? "success, but the cube is not as it should be\n" +
                               campaign.describeState()
                         : wrongAfter(false);
        ASSERT_EQ(wrong, "")
            << describe(fault) << "\nreported: "
            << (report.status ? "success" : report.status.message()) << "\n"
            << posix.trace();
        if (!posix.hit())
            break;
    }
}

TEST_P(ProtocolDamage, ofAnyReadOfARecoveryLosesNothing)
{
    ScratchFolder crashed;
    for (const auto n : killPoints())
    {
        campaign.restart();
        FaultPosix posix({Fault::Kind::KillAfter, n});
        static_cast<void>(campaign.append(posix));
        crashed.clear();
        linkTree(campaign.parent(), crashed / "left");
        Fault fault{Fault::Kind::FlippedRead, 1, 0, "read"};
        for (;; ++fault.at)
        {
            fault.bit = bit();
            campaign.restart([&](const std::string &folder)
                             { linkTree(crashed / "left", folder); });
            const bool onlyPlan = isOnlyPlan();
            FaultPosix flipping(fault);
            campaign.prepare(flipping);
            const auto recovered = recoverTarget(campaign.target(), flipping);
            const bool ofPlan =
                flipping.trace().find("/plan   <--") != std::string::npos;
            const auto wrong = wrongAfter(onlyPlan && ofPlan);
            ASSERT_EQ(wrong, "")
                << "append killed at call " << n << "\n"
                << posix.trace() << "recovery: " << describe(fault) << ": "
                << recovered.message() << "\n"
                << flipping.trace();
            if (!flipping.hit())
                break;
        }
    }
}

TEST_P(ProtocolDamage, ofAnythingInTheSidecarLosesNothing)
{
    ScratchFolder crashed;
    for (const auto n : killPoints())
    {
        campaign.restart();
        FaultPosix posix({Fault::Kind::KillAfter, n});
        static_cast<void>(campaign.append(posix));
        crashed.clear();
        linkTree(campaign.parent(), crashed / "left");
        for (const auto &[name, entry] : readTree(crashed / "left"))
        {
            // Not the new store of an overwrite: those are values.
            if (entry.folder || entry.content.empty() ||
                name.find(".mdimappend/") == std::string::npos ||
                name.find("/store/") != std::string::npos)
                continue;
            campaign.restart([&](const std::string &folder)
                             { linkTree(crashed / "left", folder); });
            auto content = entry.content;
            const auto at = bit() % (8 * content.size());
            content[at / 8] ^= static_cast<char>(1 << (at % 8));
            const auto path = campaign.parent() + "/" + name;
            const bool onlyPlan = onlyThePlanWasThere(path);
            writeFile(path, content);
            const bool log =
                name.find("/log/0") != std::string::npos ||
                (name.ends_with("/log/head") && isAheadOfTheLog(path, content));
            ASSERT_EQ(wrongAfter(onlyPlan, log), "")
                << "bit " << at << " of " << name << "\n"
                << content << "\nappend killed at call " << n << "\n"
                << posix.trace();
        }
    }
}

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolDamage);

TEST(ProtocolDamageOfDocuments, anArrayThatCannotBeReadIsNotLeftOut)
{
    // Without consolidated metadata nothing else says that there is one.
    const QuietGdal quiet;
    Campaign campaign({{ZarrFormat::V3, false}, Step::Merging});
    for (const char *content :
         {"", "{", "[]", R"({"node_type": "arrax"})", R"({"zarr_format": 3})"})
    {
        campaign.restart();
        writeFile(campaign.target() + "/air/zarr.json", content);
        const auto before = campaign.store();
        FaultPosix posix;
        const auto report = campaign.append(posix);
        ASSERT_FALSE(report.status) << content;
        EXPECT_NE(report.status.message().find("air/zarr.json"),
                  std::string::npos)
            << report.status.message();
        EXPECT_EQ(difference(before, campaign.store()), "");
    }
}

}  // namespace
}  // namespace mdimappend
