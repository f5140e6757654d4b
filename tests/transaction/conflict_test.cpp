// Foreign writers, who know nothing of the lock: detected, reported, and never
// overwritten. And late ones of our own, whose lock somebody has taken away.

#include "journal/records.h"
#include "storage/local_storage.h"
#include "support/left_behind.h"
#include "transaction/protocol.h"
#include "transaction/writer.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
namespace fs = std::filesystem;
using testing::HasSubstr;

class ProtocolConflict : public LeftBehind
{
  protected:
    std::string object(const std::string &key) const
    {
        return campaign.target() + "/" + key;
    }

    /// Runs the append; `act` runs once, before the n-th call of that name.
    Report appendWith(const std::string &call, int n,
                      const std::function<void()> &act)
    {
        FaultPosix posix;
        posix.before = [&, count = 0](const std::string &made) mutable
        {
            if (made.starts_with(call + " ") && ++count == n)
            {
                const auto now = std::exchange(posix.before, nullptr);
                act();
            }
        };
        auto report = campaign.append(posix);
        trace = posix.trace();
        EXPECT_FALSE(posix.before) << "there was no " << call << " " << n;
        return report;
    }

    /// A foreign change that leaves a valid document.
    void touch(const std::string &key)
    {
        foreign[key] = fileContent(object(key)) + "\n";
        writeFile(object(key), foreign[key]);
    }

    void expectForeignKept() const
    {
        for (const auto &[key, bytes] : foreign)
            EXPECT_EQ(fileContent(object(key)), bytes) << key << "\n" << trace;
    }

    /// Chunk air/c/1/0/0 holds committed rows, and is replaced.
    static constexpr const char *replacedChunk = "air/c/1/0/0";

    std::map<std::string, std::string> foreign;
    std::string trace;
};

TEST_F(ProtocolConflict, aDocumentChangedDuringTheAppendIsReported)
{
    for (const char *key : {"zarr.json", "air/zarr.json", "time/zarr.json"})
    {
        foreign.clear();
        campaign.restart();
        const auto report = appendWith("syncfs", 2, [&] { touch(key); });
        ASSERT_FALSE(report.status);
        EXPECT_EQ(report.status.kind(), Failure::Conflict)
            << report.status.message();
        EXPECT_THAT(report.status.message(), HasSubstr(key));
        EXPECT_THAT(report.status.message(),
                    HasSubstr("changed by somebody else during the append"))
            << "seen before the decision, not after it";
        expectForeignKept();
        EXPECT_EQ(wrongIfFrozen(), "") << key;
        expectForeignKept();
    }
}

TEST_F(ProtocolConflict, aDocumentChangedAfterTheDecisionFreezesBeforeAnyMove)
{
    for (const char *key : {"zarr.json", "air/zarr.json", "time/zarr.json"})
    {
        foreign.clear();
        campaign.restart();
        const auto report = appendWith("link", 1, [&] { touch(key); });
        ASSERT_FALSE(report.status);
        EXPECT_EQ(report.status.kind(), Failure::Conflict);
        EXPECT_THAT(trace, Not(HasSubstr("/air/c/1/0/0   <--")));
        expectForeignKept();
        EXPECT_EQ(wrongIfFrozen(), "") << key;
        expectForeignKept();
    }
}

TEST_F(ProtocolConflict, aReplacedChunkChangedDuringTheAppendIsReported)
{
    // Changed after it was read and merged.
    campaign.restart();
    const auto report = appendWith("syncfs", 2, [&] { touch(replacedChunk); });
    ASSERT_FALSE(report.status);
    EXPECT_EQ(report.status.kind(), Failure::Conflict);
    EXPECT_THAT(report.status.message(), HasSubstr(replacedChunk));
    expectForeignKept();
    EXPECT_EQ(wrongIfFrozen(), "");
    expectForeignKept();
}

TEST_F(ProtocolConflict, aReplacedChunkChangedAfterTheDecisionFreezes)
{
    killAt(Reached::Decided);
    touch(replacedChunk);
    EXPECT_EQ(wrongIfFrozen(), "");
    expectForeignKept();
}

TEST_F(ProtocolConflict, aDocumentChangedBeforeAnUndoFreezesIt)
{
    killAt(Reached::Prepared);
    touch("air/zarr.json");
    EXPECT_EQ(wrongIfFrozen(), "");
    expectForeignKept();
}

TEST_F(ProtocolConflict, aDocumentThatVanishedFreezes)
{
    for (const auto step : {Reached::Prepared, Reached::Decided})
    {
        killAt(step);
        fs::remove(object("time/zarr.json"));
        const auto before = everythingButDecisions();
        const auto recovered = recoverTarget(campaign.target());
        ASSERT_FALSE(recovered);
        EXPECT_EQ(recovered.kind(), Failure::Conflict);
        EXPECT_EQ(difference(before, everythingButDecisions()), "");
    }
}

TEST_F(ProtocolConflict, afterSettingAsideTheStoreCanBeAppendedToAsItIs)
{
    killAt(Reached::Decided);
    touch("air/zarr.json");
    ASSERT_EQ(wrongIfFrozen(), "");
    FaultPosix posix;
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(wrongInCube(campaign.target(), scenario().rowsAfter()), "");
    EXPECT_TRUE(fileContent(object("air/zarr.json")).ends_with("\n"));
}

TEST_F(ProtocolConflict, aForeignStoreThatAppearsDuringACreationIsKept)
{
    for (const auto &[call, n] : {std::pair{"syncfs", 2}, std::pair{"link", 1}})
    {
        Campaign creation({{ZarrFormat::V3, true}, Step::Create});
        creation.restart();
        FaultPosix posix;
        posix.before = [&, count = 0](const std::string &made) mutable
        {
            if (made.starts_with(std::string(call) + " ") && ++count == n)
                writeFile(creation.target() + "/zarr.json", "{\"mine\": 1}");
        };
        const auto report = creation.append(posix);
        ASSERT_FALSE(report.status);
        EXPECT_EQ(report.status.kind(), Failure::Conflict);
        EXPECT_EQ(fileContent(creation.target() + "/zarr.json"),
                  "{\"mine\": 1}");
        const auto recovered = recoverTarget(creation.target());
        ASSERT_FALSE(recovered);
        EXPECT_EQ(recovered.kind(), Failure::Conflict);
        EXPECT_EQ(fileContent(creation.target() + "/zarr.json"),
                  "{\"mine\": 1}");
    }
}

TEST_F(ProtocolConflict, whatLiesAtTheKeyOfANewChunkIsReplaced)
{
    // Beyond the committed shape no reader sees it. The second key is to be
    // without an object.
    Campaign aligned({{ZarrFormat::V3, true}, Step::Aligned});
    for (const char *key : {"air/c/1/0/0", "air/c/1/0/1", "time/c/1"})
    {
        aligned.restart();
        writeFile(aligned.target() + "/" + key, "an orphan");
        FaultPosix posix;
        const auto report = aligned.append(posix);
        ASSERT_TRUE(report.status) << report.status.message();
        EXPECT_EQ(aligned.state(), Campaign::State::After)
            << key << "\n"
            << aligned.describeState();
    }
}

TEST_F(ProtocolConflict, aStaleTilePresenceCacheGoesBeforeAnyDocument)
{
    campaign.restart();
    writeFile(object("air/zarr.json.gmac"), "stale");
    bool documentBeforeIt = false;
    FaultPosix posix;
    posix.before = [&](const std::string &)
    {
        documentBeforeIt |=
            fs::exists(object("air/zarr.json.gmac")) &&
            fileContent(object("zarr.json")) !=
                campaign.before().at("cube.zarr/zarr.json").content;
    };
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_FALSE(documentBeforeIt);
    EXPECT_EQ(campaign.state(), Campaign::State::After)
        << campaign.describeState();
}

// The lock file must never be deleted. Where somebody does, two writers may
// run; the decision still decides.
class ProtocolZombie : public ProtocolConflict
{
  protected:
    void takeLockAway()
    {
        fs::remove(site().lock());
    }
};

TEST_F(ProtocolZombie, doesNotDecideOnceItsLockFileIsAnother)
{
    for (const bool replaced : {false, true})
    {
        campaign.restart();
        const auto report = appendWith("syncfs", 2,
                                       [&]
                                       {
                                           takeLockAway();
                                           if (replaced)
                                               writeFile(site().lock(), "");
                                       });
        ASSERT_FALSE(report.status);
        EXPECT_THAT(report.status.message(),
                    HasSubstr("removed or replaced by somebody else"));
        EXPECT_EQ(namesIn("journal").size(), 1u) << "it must delete nothing";
        EXPECT_EQ(campaign.recover(), "");
        EXPECT_EQ(campaign.state(), Campaign::State::Before);
        EXPECT_EQ(campaign.retry(), "");
    }
}

TEST_F(ProtocolZombie, obeysTheWordAbort)
{
    campaign.restart();
    const auto report = appendWith(
        "link", 1,
        [&]
        {
            writeFile(site().journal(namesIn("journal").at(0)) + "/decision",
                      toText(Decision{false, {}}));
        });
    ASSERT_FALSE(report.status);
    EXPECT_THAT(report.status.message(), HasSubstr("undone by another"));
    EXPECT_EQ(campaign.recover(), "");
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
}

TEST_F(ProtocolZombie, doesNothingMoreAtAnyCallOnceAnotherHasAppended)
{
    // The other writer comes between any two calls of the first one's commit,
    // finishes or undoes it as it finds it, and appends further rows.
    campaign.restart();
    FaultPosix counting;
    ASSERT_TRUE(campaign.append(counting).status);
    const auto calls = counting.calls();
    // Once all new chunks are in place. (Without a lock, who writes one and who
    // deletes it is not decided.)
    const auto made = counting.trace();
    const auto lastChunk = made.rfind(" write " + object("air/c/2/"));
    ASSERT_NE(lastChunk, std::string::npos);
    const auto written =
        std::stoull(made.substr(made.rfind('\n', lastChunk) + 1));
    int tried = 0;
    for (std::uint64_t n = written + 2; n < calls - 1; ++n)
    {
        campaign.restart();
        Tree theirs;
        FaultPosix posix;
        std::string other;
        posix.before =
            [&, count = std::uint64_t{0}](const std::string &) mutable
        {
            if (++count != n)
                return;
            ++tried;
            takeLockAway();
            FaultPosix clean;
            auto report =
                appendRows(scenario().kind, campaign.target(), 3, {2}, clean);
            if (report.status)
                report = appendRows(scenario().kind, campaign.target(), 5, {2},
                                    clean);
            other = report.status.message();
            theirs = campaign.store();
        };
        const auto report = campaign.append(posix);
        ASSERT_EQ(other, "")
            << "the other writer failed, before call " << n << "\n"
            << posix.trace();
        ASSERT_EQ(difference(theirs, campaign.store()), "")
            << "the first writer went on after call " << n << ": "
            << (report.status ? "success" : report.status.message()) << "\n"
            << posix.trace();
        const auto recovered = recoverTarget(campaign.target());
        ASSERT_TRUE(recovered) << recovered.message();
        ASSERT_EQ(difference(theirs, campaign.store()), "");
        ASSERT_EQ(wrongInCube(campaign.target(), 7), "");
        ASSERT_EQ(wrongInLog(campaign.target(), 7), "");
    }
    EXPECT_GT(tried, 50);
}

TEST_F(ProtocolZombie, losesTheRaceForTheDecision)
{
    ScratchFolder folder;
    Site at;
    at.parent = folder.path();
    at.name = "cube.zarr";
    auto storage = LocalStorage::open(folder.path(), Durability::Process);
    ASSERT_TRUE((*storage)->makeFolders(at.journal("t")));
    const auto commit = decide(**storage, at, "t", Decision{true, {}});
    const auto abort = decide(**storage, at, "t", Decision{false, {}});
    ASSERT_TRUE(commit && abort);
    EXPECT_TRUE(commit->commit);
    EXPECT_TRUE(abort->commit) << "what is decided stays";
}

TEST_F(ProtocolZombie, cannotDecideInAJournalThatIsGone)
{
    ScratchFolder folder;
    Site at;
    at.parent = folder.path();
    at.name = "cube.zarr";
    auto storage = LocalStorage::open(folder.path(), Durability::Process);
    ASSERT_TRUE((*storage)->makeFolders(at.journal("t")));
    fs::remove(at.journal("t"));
    EXPECT_FALSE(decide(**storage, at, "t", Decision{true, {}}));
    EXPECT_FALSE(fs::exists(at.journal("t")));
}

}  // namespace
}  // namespace mdimappend
