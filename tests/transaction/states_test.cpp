// Every state in which a journal can be found, and what recovery makes of it.

#include "journal/log.h"
#include "journal/records.h"
#include "support/left_behind.h"
#include "transaction/writer.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
namespace fs = std::filesystem;
using State = PendingTransaction::State;

class ProtocolStates : public LeftBehind
{
  protected:
    void expectUndone()
    {
        EXPECT_EQ(campaign.recover(), "");
        EXPECT_EQ(campaign.state(), Campaign::State::Before);
        expectTidy();
    }

    void expectDone()
    {
        EXPECT_EQ(campaign.recover(), "");
        EXPECT_EQ(campaign.state(), Campaign::State::After);
        expectTidy();
    }

    void expectTidy()
    {
        EXPECT_EQ(namesIn("journal").size(), 0u);
        EXPECT_EQ(namesIn("stage").size(), 0u);
        EXPECT_EQ(campaign.retry(), "");
    }

    void damage(const std::string &path)
    {
        auto bytes = fileContent(path);
        ASSERT_FALSE(bytes.empty());
        bytes[bytes.size() / 2] ^= 1;
        writeFile(path, bytes);
    }
};

TEST_F(ProtocolStates, aPlanAloneIsUndone)
{
    killAt(Reached::Planned);
    EXPECT_EQ(pendingState(), State::Planned);
    expectUndone();
}

TEST_F(ProtocolStates, aPlanAndAManifestWithoutADecisionAreUndone)
{
    killAt(Reached::Prepared);
    EXPECT_EQ(pendingState(), State::Planned);
    EXPECT_EQ(campaign.state(), Campaign::State::Neither)
        << "there should be chunks to delete";
    expectUndone();
}

TEST_F(ProtocolStates, theDecisionCommitIsFinished)
{
    killAt(Reached::Decided);
    EXPECT_EQ(pendingState(), State::Decided);
    expectDone();
}

TEST_F(ProtocolStates, theDecisionAbortIsObeyed)
{
    killAt(Reached::Prepared);
    writeFile(record("decision"), toText(Decision{false, {}}));
    EXPECT_EQ(pendingState(), State::Aborted);
    expectUndone();
}

TEST_F(ProtocolStates, aLoggedTransactionIsOnlyTidied)
{
    killAt(Reached::Logged);
    EXPECT_EQ(pendingState(), State::Finished);
    // Even where the store has been changed since.
    const auto document = campaign.target() + "/air/zarr.json";
    const auto bytes = fileContent(document) + "\n";
    writeFile(document, bytes);
    const auto recovered = recoverTarget(campaign.target());
    ASSERT_TRUE(recovered) << recovered.message();
    EXPECT_EQ(fileContent(document), bytes);
    EXPECT_EQ(namesIn("journal").size(), 0u);
}

TEST_F(ProtocolStates, aLoggedTransactionThatLostItsDecisionIsOnlyTidied)
{
    killAt(Reached::Logged);
    fs::remove(record("decision"));
    EXPECT_EQ(pendingState(), State::Finished);
    expectDone();
}

TEST_F(ProtocolStates, aLoggedTransactionOfLongAgoIsOnlyTidied)
{
    // Its tidying never reached the disk, those after it did.
    killAt(Reached::Logged);
    const auto journal = site().journal(transaction);
    ScratchFolder aside;
    linkTree(journal, aside / "journal");
    ASSERT_TRUE(recoverTarget(campaign.target()));
    ASSERT_TRUE(appendRows(scenario().kind, campaign.target(), 5, {2}).status);
    linkTree(aside / "journal", journal);
    const auto store = campaign.store();
    ASSERT_TRUE(recoverTarget(campaign.target()));
    EXPECT_EQ(difference(store, campaign.store()), "");
    EXPECT_EQ(namesIn("journal").size(), 0u);
    EXPECT_EQ(wrongInCube(campaign.target(), 7), "");
}

TEST_F(ProtocolStates, anEmptyJournalIsTidied)
{
    campaign.restart();
    fs::create_directories(site().journal("000000000002-0123"));
    EXPECT_EQ(pendingState(), State::Finished);
    expectUndone();
}

TEST_F(ProtocolStates, whatIsLeftOfATidiedJournalIsTidied)
{
    for (const char *left :
         {"decision", "manifest", "plan.new", "decision.0123456789abcdef"})
    {
        campaign.restart();
        writeFile(site().journal("000000000002-0123") + "/" + left, "torn");
        expectUndone();
    }
}

TEST_F(ProtocolStates, aTornPlanIsTidiedSinceItNeverBecameDurable)
{
    killAt(Reached::Planned);
    for (const std::size_t size : {0, 1, 40, 200})
    {
        auto bytes = fileContent(record("plan"));
        bytes.resize(std::min(bytes.size(), size));
        writeFile(record("plan"), bytes);
        EXPECT_EQ(pendingState(), State::Finished);
        expectUndone();
        killAt(Reached::Planned);
    }
}

TEST_F(ProtocolStates, aTornPreparedAbortIsNotUsed)
{
    for (const char *torn : {"", "mdimappend decision 1"})
    {
        killAt(Reached::Prepared);
        ASSERT_TRUE(fs::exists(record("abort")));
        writeFile(record("abort"), torn);
        expectUndone();
    }
}

TEST_F(ProtocolStates, aDamagedPlanFreezesOnceThereIsAManifest)
{
    killAt(Reached::Prepared);
    damage(record("plan"));
    EXPECT_EQ(pendingState(), State::Damaged);
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, thePlanOfAnotherTransactionFreezes)
{
    killAt(Reached::Prepared);
    auto plan = *parsePlan(fileContent(record("plan")));
    plan.transaction = "000000000002-0123456789abcdef";
    writeFile(record("plan"), toText(plan));
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, aDamagedDecisionFreezes)
{
    killAt(Reached::Decided);
    damage(record("decision"));
    EXPECT_EQ(pendingState(), State::Damaged);
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, aDamagedManifestFreezesAfterCommit)
{
    killAt(Reached::Decided);
    damage(record("manifest"));
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, aMissingManifestFreezesAfterCommit)
{
    killAt(Reached::Decided);
    fs::remove(record("manifest"));
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, aManifestThatWasNotDecidedOnFreezes)
{
    killAt(Reached::Decided);
    auto manifest = *parseManifest(fileContent(record("manifest")));
    manifest.documents.pop_back();
    writeFile(record("manifest"), toText(manifest));
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, aDamagedManifestWithoutADecisionIsUndone)
{
    killAt(Reached::Prepared);
    damage(record("manifest"));
    expectUndone();
}

TEST_F(ProtocolStates, aMissingStagedObjectFreezes)
{
    for (const bool removed : {true, false})
    {
        killAt(Reached::Decided);
        const auto staged = namesIn("stage/" + transaction);
        ASSERT_GE(staged.size(), 4u);
        for (const auto &name : staged)
        {
            killAt(Reached::Decided);
            const auto path = site().stage(transaction) + "/" + name;
            if (removed)
                fs::remove(path);
            else
                damage(path);
            EXPECT_EQ(wrongIfFrozen(), "") << name;
        }
    }
}

TEST_F(ProtocolStates, aSequenceNumberThatAnotherHasTakenFreezes)
{
    killAt(Reached::Decided);
    writeFile(logRecordPath(site(), 2),
              R"({"sequence": 2, "transaction": "another"})");
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, aGapInTheSequenceNumbersFreezes)
{
    killAt(Reached::Decided);
    fs::remove(logRecordPath(site(), 1));
    fs::remove(site().log() + "/head");
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolStates, aHeadWithoutItsRecordIsReported)
{
    campaign.restart();
    fs::remove(logRecordPath(site(), 1));
    FaultPosix posix;
    const auto report = campaign.append(posix);
    ASSERT_FALSE(report.status);
    EXPECT_THAT(report.status.message(), testing::HasSubstr("the log is "
                                                            "damaged"));
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
}

TEST_F(ProtocolStates, aTornOrStaleHeadIsOnlyAHint)
{
    for (const char *head : {"", "{", R"({"sequence":0})", "\1\2\3",
                             R"({"sequence":"1"})", R"({"sequence":-1})"})
    {
        campaign.restart();
        writeFile(site().log() + "/head", head);
        EXPECT_EQ(campaign.retry(), "") << head;
    }
}

TEST_F(ProtocolStates, theHeadSavesReadingTheWholeLog)
{
    campaign.restart();
    for (int sequence = 2; sequence <= 500; ++sequence)
        writeFile(logRecordPath(site(), sequence), "{}");
    writeFile(site().log() + "/head", R"({"sequence":500})");
    FaultPosix posix;
    WriterRequest request;
    request.target = campaign.target();
    request.posix = &posix;
    const auto writer = openForWriting(request);
    const auto calls = posix.calls();
    EXPECT_EQ(*lastSequence(*writer->storage, writer->site), 500u);
    EXPECT_LT(posix.calls() - calls, 10u) << posix.trace();
}

TEST_F(ProtocolStates, aStageWithoutAJournalIsRemoved)
{
    campaign.restart();
    writeFile(site().stage("000000000002-0123") + "/0-1", "chunk");
    writeFile(site().stage("000000000002-0123") + "/document-0", "{}");
    expectUndone();
}

TEST_F(ProtocolStates, tenThousandLeftoverJournalsAreTidiedInReasonableTime)
{
    campaign.restart();
    for (int i = 0; i < 10000; ++i)
        fs::create_directories(
            site().journal("000000000002-" + std::to_string(i)));
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(campaign.recover(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - started,
              std::chrono::seconds(5));
    EXPECT_EQ(namesIn("journal").size(), 0u);
}

// With durability `process` nothing was synced. A kill is survived as always;
// after a reboot it is looked at what is left.
class ProtocolAfterReboot : public ProtocolStates
{
  protected:
    void killDecidedAndReboot()
    {
        killAt(Reached::Decided, Durability::Process);
        auto manifest = *parseManifest(fileContent(record("manifest")));
        ASSERT_FALSE(manifest.bootId.empty());
        ASSERT_EQ(manifest.puts.size(), 3u) << "two of air, one of time";
        manifest.bootId = "another";
        writeFile(record("manifest"), toText(manifest));
        writeFile(record("decision"),
                  toText(Decision{true, contentOf(toText(manifest))}));
        put = manifest.puts[0].key;
    }

    std::string put;
};

TEST_F(ProtocolAfterReboot, whatIsAllThereIsFinished)
{
    killDecidedAndReboot();
    expectDone();
}

TEST_F(ProtocolAfterReboot, aChunkThatWasLostFreezes)
{
    killDecidedAndReboot();
    fs::remove(campaign.target() + "/" + put);
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolAfterReboot, aChunkThatIsTornFreezes)
{
    killDecidedAndReboot();
    damage(campaign.target() + "/" + put);
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolAfterReboot, withoutOneAKillIsSurvivedAtEveryCall)
{
    campaign.restart();
    FaultPosix whole;
    ASSERT_TRUE(campaign.append(whole, Durability::Process).status);
    EXPECT_EQ(whole.kinds()["fsync"] + whole.kinds()["syncfs"], 0);
    for (const auto n : whole.changes())
    {
        campaign.restart();
        FaultPosix posix({Fault::Kind::KillAfter, n, EIO, ""});
        static_cast<void>(campaign.append(posix, Durability::Process));
        ASSERT_EQ(campaign.recover(), "") << posix.trace();
        ASSERT_EQ(campaign.retry(), "") << posix.trace();
    }
}

TEST_F(ProtocolStates, aRecoveryLeavesNothingToTheNext)
{
    killAt(Reached::Prepared);
    ASSERT_TRUE(recoverTarget(campaign.target()));
    const auto tree = everything();
    ASSERT_TRUE(recoverTarget(campaign.target()));
    EXPECT_EQ(difference(tree, everything()), "");
}

}  // namespace
}  // namespace mdimappend
