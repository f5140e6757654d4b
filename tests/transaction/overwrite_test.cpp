// A new store in place of an old one: what it takes along, what it refuses, and
// which of two folders is which after a crash. (The campaigns of the other
// protocol tests overwrite, too.)

#include "journal/log.h"
#include "journal/records.h"
#include "support/left_behind.h"
#include "transaction/writer.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class ProtocolOverwrite : public LeftBehind
{
  protected:
    ProtocolOverwrite() : LeftBehind(overwriting())
    {
        campaign.restart();
    }

    static Scenario overwriting()
    {
        return {
            {ZarrFormat::V3, true}, Step::Overwrite, {ZarrFormat::V3, true}};
    }

    std::string object(const std::string &key) const
    {
        return campaign.target() + "/" + key;
    }

    std::string replacement() const
    {
        return site().replacement(transaction);
    }

    /// The same store, in a folder of its own.
    void replaceByACopy(const std::string &folder) const
    {
        fs::rename(folder, folder + ".away");
        fs::copy(folder + ".away", folder, fs::copy_options::recursive);
        fs::remove_all(folder + ".away");
    }

    void swapByHand() const
    {
        ASSERT_EQ(Posix::system().renameExchange(replacement().c_str(),
                                                 site().store().c_str()),
                  0);
    }

    /// By a Posix that knows copied folders as the scenario's.
    Status recoverHere() const
    {
        FaultPosix clean;
        return recoverTarget(campaign.target(), clean);
    }

    /// Runs the overwrite; `act` runs once, before the n-th call of that name.
    Report overwriteWith(const std::string &call, int n,
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
        EXPECT_FALSE(posix.before) << "there was no " << call << " " << n;
        return report;
    }

    void expectNothingLeft() const
    {
        for (const char *kind : {"journal", "stage", "overwrite"})
            EXPECT_EQ(namesIn(kind).size(), 0u) << kind;
    }

    void expectDone()
    {
        EXPECT_EQ(campaign.recover(), "");
        EXPECT_EQ(campaign.state(), Campaign::State::After);
        expectNothingLeft();
    }

    void expectUndone()
    {
        EXPECT_EQ(campaign.recover(), "");
        EXPECT_EQ(campaign.state(), Campaign::State::Before);
        expectNothingLeft();
    }
};

TEST_F(ProtocolOverwrite, theLogGoesOnAndSaysSo)
{
    FaultPosix posix;
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(report.slices.at(0).sequence, 2u);
    const auto record = parseJson(fileContent(logRecordPath(site(), 2)));
    ASSERT_TRUE(record);
    EXPECT_EQ((*record)["overwrite"], true);
    EXPECT_EQ((*record)["first_row"], 0);
    EXPECT_FALSE(parseJson(fileContent(logRecordPath(site(), 1)))
                     ->contains("overwrite"));
    expectNothingLeft();
    // And so does appending.
    const auto next =
        appendRows(overwriting().kind, campaign.target(), 13, {2});
    ASSERT_TRUE(next.status) << next.status.message();
    EXPECT_EQ(wrongInCube(campaign.target(), 5, 10), "");
    EXPECT_EQ(wrongInLog(campaign.target(), 5), "");
}

TEST_F(ProtocolOverwrite, ofNothingIsACreation)
{
    fs::remove_all(campaign.target());
    fs::remove_all(site().sidecar());
    FaultPosix posix;
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(posix.kinds()["renameExchange"], 0);
    EXPECT_EQ(wrongInCube(campaign.target(), 3, 10), "");
    EXPECT_THAT(fileContent(logRecordPath(site(), 1)),
                Not(HasSubstr("overwrite")));
}

TEST_F(ProtocolOverwrite, aFolderThatIsNoStoreIsNeverCleared)
{
    fs::remove_all(campaign.target());
    writeFile(campaign.target() + "/thesis.tex", "precious");
    FaultPosix posix;
    const auto report = campaign.append(posix);
    ASSERT_FALSE(report.status);
    EXPECT_THAT(report.status.message(), HasSubstr("not a Zarr store"));
    EXPECT_EQ(fileContent(campaign.target() + "/thesis.tex"), "precious");
}

TEST_F(ProtocolOverwrite, aGroupIsRefused)
{
    const auto slice = rowsAsSlice(0, 2);
    AppendOptions options;
    options.slices = {{"rows", std::nullopt}};
    Surroundings around;
    around.datasets = {slice.get()};
    options.target = campaign.target();
    options.group = "ocean";
    options.overwrite = true;
    const auto before = everything();
    const auto report = mdimappend::append(options, around);
    ASSERT_FALSE(report.status);
    EXPECT_EQ(report.status.kind(), Failure::Usage);
    EXPECT_THAT(report.status.message(), HasSubstr("'ocean' is a group"));
    EXPECT_EQ(difference(before, everything()), "");
    // Also one that is named by its path.
    options.group = "";
    options.target = campaign.target() + "/air";
    EXPECT_EQ(mdimappend::append(options, around).status.kind(),
              Failure::Usage);
    EXPECT_EQ(difference(before, everything()), "");
}

TEST_F(ProtocolOverwrite, aDryRunChangesNothing)
{
    const auto slice = rowsAsSlice(0, 2);
    AppendOptions options;
    options.slices = {{"rows", std::nullopt}};
    Surroundings around;
    around.datasets = {slice.get()};
    options.target = campaign.target();
    options.overwrite = true;
    options.dryRun = true;
    const auto before = everything();
    const auto report = mdimappend::append(options, around);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_TRUE(report.slices.at(0).created);
    EXPECT_EQ(difference(before, everything()), "");
}

TEST_F(ProtocolOverwrite, whereFoldersCannotBeExchangedItIsRefusedAtOnce)
{
    for (const int code : {EINVAL, ENOSYS, EOPNOTSUPP})
    {
        campaign.restart();
        FaultPosix posix;
        posix.exchangeError = code;
        const auto report = campaign.append(posix);
        ASSERT_FALSE(report.status);
        EXPECT_THAT(report.status.message(),
                    HasSubstr("cannot exchange two folders atomically"));
        EXPECT_THAT(report.status.message(), HasSubstr("Nothing was written."));
        EXPECT_EQ(posix.kinds()["renameExchange"], 1) << "the probe";
        EXPECT_EQ(campaign.state(), Campaign::State::Before);
        expectNothingLeft();
    }
}

TEST_F(ProtocolOverwrite, thatCanNeverBeFinishedCanBeGivenUp)
{
    // What overlayfs says of a folder of a lower layer, and only of it.
    FaultPosix posix({Fault::Kind::FromThenOn, 2, EXDEV, "renameExchange"});
    const auto report = campaign.append(posix);
    ASSERT_FALSE(report.status);
    EXPECT_THAT(report.status.message(), HasSubstr("set-aside"));
    EXPECT_THAT(report.status.message(), HasSubstr("is decided"));
    FaultPosix again({Fault::Kind::FromThenOn, 1, EXDEV, "renameExchange"});
    const auto recovered = recoverTarget(campaign.target(), again);
    ASSERT_FALSE(recovered);
    EXPECT_THAT(recovered.message(), HasSubstr("set-aside"));
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
    {
        WriterRequest request;
        request.target = campaign.target();
        const auto writer = openForWriting(request);
        ASSERT_TRUE(setAside(*writer->storage, writer->site));
    }
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
    EXPECT_EQ(campaign.retry(), "");
}

TEST_F(ProtocolOverwrite, theNewStoreHasModeAndOwnerOfTheOld)
{
    const bool root = geteuid() == 0;
    if (root)
    {
        ASSERT_EQ(chown(campaign.target().c_str(), 1234, 2345), 0);
    }
    ASSERT_EQ(chmod(campaign.target().c_str(), 02750), 0);
    FaultPosix posix;
    ASSERT_TRUE(campaign.append(posix).status);
    struct stat now = {};
    ASSERT_EQ(stat(campaign.target().c_str(), &now), 0);
    EXPECT_EQ(now.st_mode & 07777, 02750u);
    struct stat inside = {};
    ASSERT_EQ(stat(object("air").c_str(), &inside), 0);
    if (root)
    {
        EXPECT_EQ(now.st_uid, 1234u);
        EXPECT_EQ(now.st_gid, 2345u);
        EXPECT_EQ(inside.st_gid, 2345u) << "it has to be inherited";
    }
}

TEST_F(ProtocolOverwrite, aStoreThatMayNotBeMovedIsRefusedBeforeAnythingElse)
{
    // As somebody who owns the sidecar, and not the store.
    constexpr uid_t stranger = 1234;
    if (geteuid() != 0)
        GTEST_SKIP() << "needs two users";

    const struct
    {
        mode_t parent;
        mode_t store;
        const char *why;
    } places[] = {{0777, 0755, "cannot write to folder"},
                  {0755, 0777, "cannot write to folder"},
                  {01777, 0777, "sticky"}};

    for (const auto &place : places)
    {
        campaign.restart();
        for (const auto &entry :
             fs::recursive_directory_iterator(site().sidecar()))
            ASSERT_EQ(chown(entry.path().c_str(), stranger, stranger), 0);
        ASSERT_EQ(chown(site().sidecar().c_str(), stranger, stranger), 0);
        const std::string scratch =
            fs::path(campaign.parent()).parent_path().string();
        ASSERT_EQ(chmod(scratch.c_str(), 0755), 0);
        ASSERT_EQ(chmod(campaign.parent().c_str(), place.parent), 0);
        ASSERT_EQ(chmod(campaign.target().c_str(), place.store), 0);
        int channel[2];
        ASSERT_EQ(pipe(channel), 0);
        const pid_t child = fork();
        if (child == 0)
        {
            if (setgid(stranger) != 0 || setuid(stranger) != 0)
                _exit(1);
            FaultPosix posix;
            const auto text = campaign.append(posix).status.message();
            _exit(write(channel[1], text.data(), text.size()) < 0);
        }
        close(channel[1]);
        std::string message(10000, '\0');
        const auto count = read(channel[0], message.data(), message.size());
        message.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        close(channel[0]);
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_THAT(message, HasSubstr(place.why));
        EXPECT_THAT(message, HasSubstr("Nothing was written."));
        expectNothingLeft();
        ASSERT_EQ(chmod(campaign.target().c_str(), 0755), 0);
        EXPECT_EQ(campaign.state(), Campaign::State::Before);
    }
}

TEST_F(ProtocolOverwrite, linksInTheOldStoreGoAndWhatTheyLeadToStays)
{
    ScratchFolder outside;
    writeFile(outside / "file", "precious");
    writeFile(outside / "folder/deep/file", "precious");
    fs::create_symlink(outside / "file", object("link"));
    fs::create_directory_symlink(outside / "folder", object("air/linked"));
    fs::create_directory_symlink(outside.path(), object("notes/of/outside"));
    fs::create_symlink("nowhere", object("notes/dangling"));
    const auto before = readTree(outside.path());
    FaultPosix posix;
    ASSERT_TRUE(campaign.append(posix).status);
    EXPECT_EQ(campaign.state(), Campaign::State::After);
    expectNothingLeft();
    EXPECT_EQ(difference(before, readTree(outside.path())), "");
}

TEST_F(ProtocolOverwrite, whatMayNotBeRemovedIsInNobodysWay)
{
    // A folder of another user in the old store, say.
    FaultPosix posix({Fault::Kind::FromThenOn, 1, EACCES, "unlinkAt"});
    ASSERT_TRUE(campaign.append(posix).status);
    EXPECT_EQ(campaign.state(), Campaign::State::After);
    expectNothingLeft();
    const auto aside = namesIn("set-aside");
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(fileContent(site().setAside(aside[0]) +
                          "/overwrite/store/notes/of/mine.txt"),
              "foreign");
    EXPECT_EQ(campaign.retry(), "");
}

TEST_F(ProtocolOverwrite, aStoreWithoutAJournalIsRemovedFromTheSidecar)
{
    writeFile(site().replacement("000000000002-0123") + "/zarr.json", "{}");
    expectUndone();
}

TEST_F(ProtocolOverwrite, isPendingLikeAnyOther)
{
    using State = PendingTransaction::State;
    killAt(Reached::Planned);
    EXPECT_EQ(pendingState(), State::Planned);
    expectUndone();
    killAt(Reached::Prepared);
    EXPECT_EQ(pendingState(), State::Planned);
    EXPECT_EQ(campaign.state(), Campaign::State::Before)
        << "nothing of it may be touched";
    expectUndone();
    killAt(Reached::Decided);
    EXPECT_EQ(pendingState(), State::Decided);
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
    expectDone();
    killAt(Reached::Exchanged);
    EXPECT_EQ(pendingState(), State::Decided);
    EXPECT_EQ(campaign.state(), Campaign::State::After);
    expectDone();
    killAt(Reached::Logged);
    EXPECT_EQ(pendingState(), State::Finished);
    expectDone();
}

// Which folder is which.

TEST_F(ProtocolOverwrite, aStoreReplacedDuringTheOverwriteIsKept)
{
    const auto report =
        overwriteWith("syncfs", 2, [&] { replaceByACopy(campaign.target()); });
    ASSERT_FALSE(report.status);
    EXPECT_EQ(report.status.kind(), Failure::Conflict);
    EXPECT_THAT(report.status.message(),
                HasSubstr("replaced by somebody else"));
    EXPECT_THAT(report.status.message(), HasSubstr("Nothing was appended."));
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
    expectNothingLeft();
    EXPECT_EQ(campaign.retry(), "") << "and is overwritten by the next";
}

TEST_F(ProtocolOverwrite, aStoreReplacedAfterTheDecisionFreezes)
{
    killAt(Reached::Decided);
    replaceByACopy(campaign.target());
    EXPECT_EQ(wrongIfFrozen(), "");
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
    EXPECT_EQ(campaign.retry(), "");
}

TEST_F(ProtocolOverwrite, aStoreReplacedAfterTheExchangeFreezes)
{
    killAt(Reached::Exchanged);
    replaceByACopy(campaign.target());
    EXPECT_EQ(wrongIfFrozen(), "");
    EXPECT_EQ(campaign.state(), Campaign::State::After);
}

TEST_F(ProtocolOverwrite, aStoreThatVanishedAfterTheDecisionFreezes)
{
    killAt(Reached::Decided);
    fs::remove_all(campaign.target());
    const auto before = everything();
    const auto recovered = recoverHere();
    ASSERT_FALSE(recovered);
    EXPECT_EQ(recovered.kind(), Failure::Conflict);
    EXPECT_EQ(difference(before, everything()), "");
}

TEST_F(ProtocolOverwrite, aNewStoreThatIsNoLongerWholeFreezes)
{
    for (const char *key : {"zarr.json", "air/zarr.json", "time/zarr.json"})
    {
        for (const bool removed : {true, false})
        {
            killAt(Reached::Decided);
            if (removed)
                fs::remove(replacement() + "/" + key);
            else
                writeFile(replacement() + "/" + key, "torn");
            EXPECT_EQ(wrongIfFrozen(), "") << key;
            EXPECT_EQ(campaign.state(), Campaign::State::Before);
        }
    }
    killAt(Reached::Decided);
    fs::remove_all(replacement());
    EXPECT_EQ(wrongIfFrozen(), "");
}

TEST_F(ProtocolOverwrite, aNewStoreThatWasReplacedFreezes)
{
    killAt(Reached::Decided);
    replaceByACopy(replacement());
    EXPECT_EQ(wrongIfFrozen(), "");
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
}

TEST_F(ProtocolOverwrite, anOldStoreThatIsGoneAfterTheExchangeIsNotMissed)
{
    killAt(Reached::Exchanged);
    fs::remove_all(replacement());
    expectDone();
}

TEST_F(ProtocolOverwrite, anOldStoreThatChangedMeanwhileIsReplacedAllTheSame)
{
    killAt(Reached::Decided);
    writeFile(object("zarr.json"), "{}");
    expectDone();
}

TEST_F(ProtocolOverwrite, aCopyOfStoreAndSidecarIsKnownByItsDocuments)
{
    // Moved to another disk after the crash: other folders, same content.
    for (const auto step : {Reached::Decided, Reached::Exchanged})
    {
        killAt(step);
        ScratchFolder elsewhere;
        linkTree(campaign.parent(), elsewhere / "copy");
        campaign.copiesAreTheSame = false;
        campaign.restart([&](const std::string &folder)
                         { linkTree(elsewhere / "copy", folder); });
        expectDone();
        EXPECT_EQ(campaign.retry(), "");
        campaign.copiesAreTheSame = true;
    }
}

TEST_F(ProtocolOverwrite, aCopyInWhichOldAndNewLookTheSameFreezes)
{
    // The same rows again: the same documents.
    const auto kind = overwriting().kind;
    for (const std::uint64_t exchanges : {1, 2})
    {
        campaign.restart();
        Fault fault{exchanges == 1 ? Fault::Kind::KillAfter
                                   : Fault::Kind::KillBefore,
                    2, EIO, "renameExchange"};
        FaultPosix posix(fault);
        static_cast<void>(appendRows(kind, campaign.target(), 0, {5}, posix,
                                     Durability::Full, true));
        ASSERT_TRUE(posix.hit());
        transaction = namesIn("journal").at(0);
        // Where they are, it is clear.
        ScratchFolder elsewhere;
        linkTree(campaign.parent(), elsewhere / "copy");
        ASSERT_TRUE(recoverHere());
        EXPECT_EQ(wrongInCube(campaign.target(), 5), "");
        EXPECT_EQ(wrongInLog(campaign.target(), 5), "");

        campaign.copiesAreTheSame = false;
        campaign.restart([&](const std::string &folder)
                         { linkTree(elsewhere / "copy", folder); });
        FaultPosix other;
        other.copiesAreTheSame = false;
        const auto recovered = recoverTarget(campaign.target(), other);
        ASSERT_FALSE(recovered);
        EXPECT_THAT(recovered.message(), HasSubstr("copied or moved"));
        EXPECT_THAT(recovered.message(), HasSubstr(replacement()));
        EXPECT_EQ(wrongIfFrozen(), "");
        campaign.copiesAreTheSame = true;
    }
}

TEST_F(ProtocolOverwrite, aCopyWithDamagedDocumentsFreezes)
{
    for (const bool inNew : {true, false})
    {
        killAt(Reached::Decided);
        campaign.copiesAreTheSame = false;
        ScratchFolder elsewhere;
        linkTree(campaign.parent(), elsewhere / "copy");
        campaign.restart([&](const std::string &folder)
                         { linkTree(elsewhere / "copy", folder); });
        writeFile((inNew ? replacement() : campaign.target()) + "/zarr.json",
                  "torn");
        EXPECT_EQ(wrongIfFrozen(), "");
        campaign.copiesAreTheSame = true;
    }
}

TEST_F(ProtocolOverwrite, anOldStoreIsNotDeletedWhenTheDecisionIsLost)
{
    // Nothing is synced with durability `process`: a power cut may keep the
    // exchange and lose the decision.
    killAt(Reached::Exchanged);
    fs::remove(record("decision"));
    const auto before = everythingButDecisions();
    const auto recovered = recoverHere();
    ASSERT_FALSE(recovered);
    EXPECT_EQ(recovered.kind(), Failure::Conflict);
    EXPECT_EQ(difference(before, everythingButDecisions()), "");
}

TEST_F(ProtocolOverwrite, aNewStoreThatWasExchangedBackIsNotDeleted)
{
    // Two writers at once, one of which had lost its lock.
    killAt(Reached::Logged);
    swapByHand();
    EXPECT_EQ(wrongIfFrozen(), "");
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
    EXPECT_EQ(fileContent(site().setAside(transaction) +
                          "/overwrite/store/zarr.json"),
              campaign.after().at("cube.zarr/zarr.json").content);
}

TEST_F(ProtocolOverwrite, aLateWriterDoesNothingOnceAnotherHasAppended)
{
    // Its lock is taken away, and another one comes between any two calls of
    // its commit, finishes or undoes it as it finds it, and appends.
    campaign.restart();
    FaultPosix counting;
    ASSERT_TRUE(campaign.append(counting).status);
    const auto calls = counting.calls();
    int tried = 0;
    for (std::uint64_t n = calls / 3; n < calls - 1; ++n)
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
            fs::remove(site().lock());
            auto recovered = recoverHere();
            if (!recovered)
            {
                other = recovered.message();
                return;
            }
            const bool isNew = campaign.state() == Campaign::State::After;
            const auto report = appendRows(
                overwriting().kind, campaign.target(), isNew ? 13 : 5, {2});
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
        const auto recovered = recoverHere();
        ASSERT_TRUE(recovered) << recovered.message() << posix.trace();
        ASSERT_EQ(difference(theirs, campaign.store()), "");
        expectNothingLeft();
    }
    EXPECT_GT(tried, 50);
}

TEST_F(ProtocolOverwrite, whatAnotherHasExchangedIsNotExchangedBack)
{
    // The other one comes between any two calls after the decision.
    FaultPosix counting;
    ASSERT_TRUE(campaign.append(counting).status);
    const auto trace = counting.trace();
    const auto numberOf = [&](const std::string &line)
    {
        const auto start = trace.rfind('\n', trace.rfind(line)) + 1;
        return std::stoull(trace.substr(start));
    };
    const auto logged = numberOf(" link ");
    bool reached = false;
    for (auto n = numberOf("/decision.") + 1; n < logged; ++n)
    {
        campaign.restart();
        const auto made = trace.find("\n" + std::to_string(n) + " ");
        const bool itself =
            trace.substr(made, 30).find("renameExchange") != std::string::npos;
        FaultPosix posix;
        bool exchanged = false;
        posix.before =
            [&, count = std::uint64_t{0}](const std::string &) mutable
        {
            if (++count != n || campaign.state() == Campaign::State::After)
                return;
            transaction = namesIn("journal").at(0);
            swapByHand();
            exchanged = true;
        };
        static_cast<void>(campaign.append(posix));
        if (!itself)
        {
            EXPECT_EQ(campaign.state(), Campaign::State::After)
                << posix.trace();
            continue;
        }
        // No call exchanges only what is not exchanged yet; but nothing is
        // lost.
        reached = true;
        EXPECT_TRUE(exchanged);
        EXPECT_EQ(campaign.state(), Campaign::State::Before);
        const auto recovered = recoverHere();
        ASSERT_FALSE(recovered);
        EXPECT_EQ(recovered.kind(), Failure::Conflict);
        EXPECT_EQ(fileContent(replacement() + "/zarr.json"),
                  campaign.after().at("cube.zarr/zarr.json").content);
    }
    EXPECT_TRUE(reached);
}

}  // namespace
}  // namespace mdimappend
