// Promise T2: what a reader can see at any moment of an append, of an undo and
// of a recovery.

#include "support/observer.h"

#include <filesystem>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

class ProtocolObserver : public EveryScenario
{
  protected:
    using State = Campaign::State;

    Observer observer{campaign};
};

TEST_P(ProtocolObserver, seesTheOldOrTheNewCubeAtEveryCallOfAnAppend)
{
    campaign.restart();
    FaultPosix posix;
    observer.watch(posix);
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(observer.wrong(), "");
    EXPECT_EQ(observer.wrongNow(), "");
    EXPECT_EQ(campaign.state(), State::After);
}

TEST_P(ProtocolObserver, seesTheOldOrTheNewCubeAtEveryCallOfARecovery)
{
    const auto stride = (runsInFull() ? 1 : 5) * oneOfSoMany(GetParam());
    for (std::uint64_t n = 1;; n += stride)
    {
        campaign.restart();
        FaultPosix posix({Fault::Kind::KillAfter, n, EIO, ""});
        static_cast<void>(campaign.append(posix));
        if (!posix.hit())
            break;
        FaultPosix recovery;
        campaign.prepare(recovery);
        observer.watch(recovery);
        const auto recovered = recoverTarget(campaign.target(), recovery);
        ASSERT_TRUE(recovered) << recovered.message();
        ASSERT_EQ(observer.wrong(), "") << posix.trace();
        ASSERT_EQ(observer.wrongNow(), "") << posix.trace();
    }
}

TEST_P(ProtocolObserver, ofAnOpenObjectKeepsWhatItReads)
{
    // Replaced by rename, never rewritten: what a reader has open, and what a
    // hard link keeps, stays as it was.
    campaign.restart();
    const auto links = campaign.parent() + "/links";
    std::filesystem::create_directory(links);
    int number = 0;
    std::map<std::string, std::string> kept;
    for (const auto &[name, entry] : campaign.before())
    {
        if (entry.folder)
            continue;
        const auto link = links + "/" + std::to_string(++number);
        std::filesystem::create_hard_link(campaign.parent() + "/" + name, link);
        kept[link] = entry.content;
    }
    FaultPosix posix;
    ASSERT_TRUE(campaign.append(posix).status);
    for (const auto &[link, content] : kept)
        EXPECT_EQ(fileContent(link), content) << link;
}

TEST_P(ProtocolObserver, ofTheCallsSeesTheKindsThatTheProtocolNeeds)
{
    campaign.restart();
    FaultPosix posix;
    ASSERT_TRUE(campaign.append(posix).status);
    auto kinds = posix.kinds();
    const auto &scenario = GetParam();
    const int commits = scenario.commits();
    const bool overwrites = scenario.overwrites();
    const bool extends = scenario.slices().size() > 1 && commits == 1;
    const bool merges = scenario.rowsBefore() % 2 == 1 && !overwrites;
    EXPECT_EQ(kinds["lock"], commits);
    EXPECT_EQ(kinds["link"], 2 * commits) << "decision and log record";
    EXPECT_GE(kinds["rename"], overwrites ? 3 : 5)
        << "plan, manifest, documents, head";
    EXPECT_EQ(kinds["renameExchange"], overwrites ? 2 : 0)
        << "the probe and the stores";
    EXPECT_GE(kinds["write"], 10);
    EXPECT_GE(kinds["mkdir"], 2) << "journal and stage";
    EXPECT_GE(kinds["rmdir"], 2);
    EXPECT_EQ(kinds["ftruncate"], 0)
        << "ext4 writes a file that was emptied when it is closed";
    if (scenario.offersSyncfs)
    {
        // A first commit that replaces rows leaves whole chunks here or not.
        const bool mergesAgain = commits > 1 && scenario.rowsPartly() % 2 == 1;
        EXPECT_EQ(kinds["syncfs"], 3 * commits + (merges ? 1 : 0) +
                                       (mergesAgain ? 1 : 0) +
                                       (extends ? 2 : 0))
            << "plan, decision, chunks in place, documents in place; a plan "
               "that is extended\n"
            << posix.trace();
        EXPECT_EQ(kinds["fsync"], 2 * commits)
            << "the folders of decision and log";
    }
    else
    {
        EXPECT_EQ(kinds["syncfs"], 0);
        EXPECT_GE(kinds["fsync"], 20);
    }
}

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolObserver);

}  // namespace
}  // namespace mdimappend
