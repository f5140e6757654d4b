// What LocalStorage promises of single objects, on file systems of all kinds.

#include "storage/local_storage.h"
#include "support/fault_posix.h"
#include "support/tree.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

class StorageLocal : public testing::Test
{
  protected:
    void SetUp() override
    {
        posix.offersSyncfs = false;
        open(Durability::Full);
    }

    void open(Durability durability)
    {
        auto opened = LocalStorage::open(folder.path(), durability, posix);
        ASSERT_TRUE(opened) << opened.status().message();
        storage = std::move(*opened);
    }

    static unsigned modeOf(const std::string &path)
    {
        struct stat state = {};
        EXPECT_EQ(stat(path.c_str(), &state), 0);
        return state.st_mode & 07777;
    }

    std::string path(const std::string &name) const
    {
        return folder / name;
    }

    ScratchFolder folder;
    FaultPosix posix;
    std::unique_ptr<FolderStorage> storage;
};

TEST_F(StorageLocal, aMissingObjectIsAValueAndNotAnError)
{
    for (const auto &name :
         {path("none"), path("no/folder"), path("file/below")})
    {
        writeFile(path("file"), "x");
        const auto bytes = storage->read(name);
        ASSERT_TRUE(bytes) << bytes.status().message();
        EXPECT_FALSE(bytes->has_value());
        EXPECT_FALSE(storage->state(name)->has_value());
        EXPECT_TRUE(storage->remove(name));
    }
    EXPECT_TRUE(storage->list(path("none"))->empty());
    EXPECT_TRUE(storage->removeFolderIfEmpty(path("none")));
}

TEST_F(StorageLocal, everyOtherFailureToReadIsAnError)
{
    writeFile(path("object"), "content");
    for (const char *call : {"open", "read"})
    {
        FaultPosix failing({Fault::Kind::Once, 1, EIO, call});
        // The first open is the folder's.
        FaultPosix second({Fault::Kind::Once, 2, EIO, "open"});
        auto &used = std::string(call) == "open" ? second : failing;
        auto opened = LocalStorage::open(folder.path(), Durability::Full, used);
        ASSERT_TRUE(opened);
        const std::unique_ptr<FolderStorage> other = std::move(*opened);
        const auto bytes = other->read(path("object"));
        ASSERT_FALSE(bytes) << call;
        EXPECT_THAT(bytes.status().message(), HasSubstr("object"));
    }
    EXPECT_FALSE(storage->read(path("object"), 3)) << "larger than the limit";
    EXPECT_FALSE(storage->read(folder.path())) << "a folder is no object";
}

TEST_F(StorageLocal, putNeverRewritesWhatAHardLinkKeeps)
{
    ASSERT_TRUE(storage->put(path("a"), "old"));
    fs::create_hard_link(path("a"), path("kept"));
    ASSERT_TRUE(storage->put(path("a"), "new"));
    EXPECT_EQ(fileContent(path("a")), "new");
    EXPECT_EQ(fileContent(path("kept")), "old");
}

TEST_F(StorageLocal, putDoesNotWriteThroughALink)
{
    writeFile(path("victim"), "precious");
    fs::create_symlink(path("victim"), path("a"));
    ASSERT_TRUE(storage->put(path("a"), "new"));
    EXPECT_EQ(fileContent(path("victim")), "precious");
    EXPECT_FALSE(fs::is_symlink(path("a")));
}

TEST_F(StorageLocal, aNewObjectHasTheModeThatTheUmaskLeaves)
{
    const auto before = umask(027);
    ASSERT_TRUE(storage->put(path("sub/a"), "x"));
    umask(before);
    EXPECT_EQ(modeOf(path("sub/a")), 0640u);
    EXPECT_EQ(modeOf(path("sub")), 0750u);
}

TEST_F(StorageLocal, aStagedObjectHasTheModeAndOwnerOfTheOneItReplaces)
{
    writeFile(path("a"), "old");
    chmod(path("a").c_str(), 0604);
    const bool root = geteuid() == 0;
    if (root)
    {
        ASSERT_EQ(chown(path("a").c_str(), 1234, 2345), 0);
    }
    ASSERT_TRUE(storage->stage(path("stage/1"), "new", path("a")));
    ASSERT_TRUE(storage->publish(path("stage/1"), path("a")));
    EXPECT_EQ(fileContent(path("a")), "new");
    EXPECT_EQ(modeOf(path("a")), 0604u);
    struct stat state = {};
    ASSERT_EQ(stat(path("a").c_str(), &state), 0);
    if (root)
    {
        EXPECT_EQ(state.st_uid, 1234u);
        EXPECT_EQ(state.st_gid, 2345u);
    }
}

TEST_F(StorageLocal, threadsThatStageAtOnceFindTheFolderThatOneHasMade)
{
    writeFile(path("a"), "old");
    for (int round = 0; round < 500; ++round)
    {
        const auto stage = path("stage/" + std::to_string(round));
        std::atomic<int> ready = 0;
        std::vector<Status> failures(4);
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < failures.size(); ++i)
        {
            threads.emplace_back(
                [&, i]
                {
                    for (++ready; ready < 4;)
                        std::this_thread::yield();
                    failures[i] = storage
                                      ->stage(stage + "/" + std::to_string(i),
                                              "new", path("a"))
                                      .takeStatus();
                });
        }
        for (auto &thread : threads)
            thread.join();
        for (const auto &failure : failures)
            ASSERT_TRUE(failure) << failure.message();
    }
}

/// Without barriers a staged object and the one in its place are exchanged,
/// where the file system can do that (the parameter: how it fails otherwise).
class StorageWithoutBarriers : public StorageLocal,
                               public testing::WithParamInterface<int>
{
  protected:
    StorageWithoutBarriers()
    {
        posix.exchangeError = GetParam();
        storage = std::move(
            *LocalStorage::open(folder.path(), Durability::Process, posix));
    }

    FaultPosix posix{{}};
};

TEST_P(StorageWithoutBarriers, publishMovesOver)
{
    for (const char *text : {"first", "second", "third"})
    {
        ASSERT_TRUE(storage->stage(path("stage/1"), text, path("a")));
        ASSERT_TRUE(storage->publish(path("stage/1"), path("a")));
        EXPECT_EQ(fileContent(path("a")), text);
        EXPECT_FALSE(fs::exists(path("stage/1")));
    }
}

TEST_P(StorageWithoutBarriers, publishTakesNoFoldersPlace)
{
    ASSERT_TRUE(storage->stage(path("stage/1"), "new", path("a")));
    fs::create_directories(path("a/below"));
    EXPECT_FALSE(storage->publish(path("stage/1"), path("a")));
    EXPECT_TRUE(fs::is_directory(path("a/below")));
    EXPECT_EQ(fileContent(path("stage/1")), "new");
}

INSTANTIATE_TEST_SUITE_P(Exchange, StorageWithoutBarriers,
                         testing::Values(0, EINVAL, ENOSYS, EPERM));

TEST_F(StorageLocal, whereTheOwnerCannotBeGivenTheReplacementIsMadeAnyway)
{
    writeFile(path("a"), "old");
    if (geteuid() != 0)
        GTEST_SKIP() << "needs a file of another owner";
    ASSERT_EQ(chown(path("a").c_str(), 1234, 2345), 0);
    FaultPosix failing({Fault::Kind::FromThenOn, 1, EPERM, "fchown"});
    const auto opened =
        LocalStorage::open(folder.path(), Durability::Full, failing);
    const auto staged = (*opened)->stage(path("stage/1"), "new", path("a"));
    EXPECT_TRUE(staged) << staged.status().message();
}

TEST_F(StorageLocal, theReplacementOfALinkedObjectHasTheModeOfTheObject)
{
    writeFile(path("elsewhere"), "old");
    chmod(path("elsewhere").c_str(), 0640);
    fs::create_symlink(path("elsewhere"), path("a"));
    ASSERT_TRUE(storage->stage(path("stage/1"), "new", path("a")));
    EXPECT_EQ(modeOf(path("stage/1")), 0640u) << "not the link's 0777";
}

TEST_F(StorageLocal, stagingForAnotherFileSystemIsRefusedBeforeTheDecision)
{
    std::optional<ScratchFolder> other;
    for (const char *above : {"/dev/shm", "/tmp", "/var/tmp", "."})
    {
        struct stat here = {};
        struct stat there = {};
        stat(folder.path().c_str(), &here);
        if (stat(above, &there) == 0 && here.st_dev != there.st_dev &&
            access(above, W_OK) == 0)
        {
            other.emplace(above);
            break;
        }
    }
    if (!other)
        GTEST_SKIP() << "there is only one file system";
    fs::create_symlink(other->path(), path("air"));
    const auto staged =
        storage->stage(path("stage/1"), "new", path("air/zarr.json"));
    ASSERT_FALSE(staged);
    EXPECT_THAT(staged.status().message(), HasSubstr("another file system"));
    EXPECT_FALSE(
        storage->stage(path("stage/1"), "new", path("air/not/yet/there")));
    EXPECT_TRUE(storage->stage(path("stage/1"), "new", path("not/yet/there")));
}

TEST_F(StorageLocal, stagingForAFolderWithoutTheRightToWriteIsRefused)
{
    writeFile(path("air/zarr.json"), "old");
    chmod(path("air").c_str(), 0555);
    chmod(folder.path().c_str(), 0777);
    const pid_t child = fork();
    if (child == 0)
    {
        if (geteuid() == 0 && (setgid(1234) != 0 || setuid(1234) != 0))
            _exit(2);
        const auto opened = LocalStorage::open(folder.path(), Durability::Full);
        const auto staged =
            (*opened)->stage(path("stage/1"), "new", path("air/zarr.json"));
        _exit(!staged && staged.status().message().find(
                             "cannot write to folder") != std::string::npos
                  ? 0
                  : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    chmod(path("air").c_str(), 0755);
}

TEST_F(StorageLocal, createSucceedsOnceAndTheFirstOneStays)
{
    const auto first = storage->create(path("key"), "first");
    const auto second = storage->create(path("key"), "second");
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(*first);
    EXPECT_FALSE(*second);
    EXPECT_EQ(fileContent(path("key")), "first");
    EXPECT_THAT(*storage->list(folder.path()), ElementsAre("key"));
}

TEST_F(StorageLocal, createWorksWithoutHardLinks)
{
    posix.offersLinks = false;
    const auto first = storage->create(path("key"), "first");
    const auto second = storage->create(path("key"), "second");
    ASSERT_TRUE(first && second) << first.status().message();
    EXPECT_TRUE(*first);
    EXPECT_FALSE(*second);
    EXPECT_EQ(fileContent(path("key")), "first");
    EXPECT_THAT(*storage->list(folder.path()), ElementsAre("key"));
}

TEST_F(StorageLocal, createKnowsItsOwnLinkWhenTheAnswerWasLost)
{
    for (const int code : {EIO, ETIMEDOUT, EEXIST})
    {
        // The link is made, and its answer is an error: what a network file
        // system does when it repeats a request.
        class LostAnswer final : public Posix
        {
          public:
            explicit LostAnswer(int code_) : m_code(code_)
            {
            }

            int link(const char *from, const char *to) override
            {
                Posix::link(from, to);
                errno = m_code;
                return -1;
            }

          private:
            int m_code;
        };

        LostAnswer lost(code);
        const auto opened =
            LocalStorage::open(folder.path(), Durability::Full, lost);
        const auto name = path("key" + std::to_string(code));
        const auto created = (*opened)->create(name, "mine");
        ASSERT_TRUE(created) << created.status().message();
        EXPECT_TRUE(*created);
        EXPECT_EQ(fileContent(name), "mine");
    }
}

TEST_F(StorageLocal, createFromGivesAPreparedObjectItsNameOnce)
{
    ASSERT_TRUE(storage->put(path("a"), "first"));
    ASSERT_TRUE(storage->put(path("b"), "second"));
    // Another name of it, as a backup of hard links makes, proves nothing.
    fs::create_hard_link(path("b"), path("backup"));
    const auto first = storage->createFrom(path("a"), path("key"));
    const auto second = storage->createFrom(path("b"), path("key"));
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(*first);
    EXPECT_FALSE(*second);
    EXPECT_EQ(fileContent(path("key")), "first");
}

TEST_F(StorageLocal, createFromNeedsNoSpace)
{
    ASSERT_TRUE(storage->put(path("a"), "first"));
    FaultPosix full({Fault::Kind::FromThenOn, 1, ENOSPC, "write"});
    auto opened = LocalStorage::open(folder.path(), Durability::Full, full);
    ASSERT_TRUE(*(*opened)->createFrom(path("a"), path("key")));
    EXPECT_EQ(full.kinds()["write"], 0);
}

TEST_F(StorageLocal, createSyncsWhatWasPreparedUnlessABarrierHas)
{
    FaultPosix counted;
    auto opened = LocalStorage::open(folder.path(), Durability::Full, counted);
    auto &prepared = **opened;
    const auto syncs = [&]
    {
        auto kinds = counted.kinds();
        return kinds["fsync"];
    };
    ASSERT_TRUE(prepared.prepare(path("a"), "first"));
    EXPECT_FALSE(std::filesystem::exists(path("a")));
    ASSERT_TRUE(prepared.barrier());
    auto before = syncs();
    ASSERT_TRUE(*prepared.create(path("a"), "first"));
    EXPECT_EQ(syncs() - before, 1) << "its folder";
    ASSERT_TRUE(prepared.prepare(path("b"), "second"));
    before = syncs();
    ASSERT_TRUE(*prepared.create(path("b"), "second"));
    EXPECT_EQ(syncs() - before, 2);
    ASSERT_TRUE(prepared.prepare(path("c"), "third"));
    ASSERT_TRUE(*prepared.create(path("c"), "another"));
    EXPECT_EQ(fileContent(path("a")), "first");
    EXPECT_EQ(fileContent(path("b")), "second");
    EXPECT_EQ(fileContent(path("c")), "another");
}

TEST_F(StorageLocal, createLeavesNothingBehindWhenItFails)
{
    for (std::uint64_t n = 1;; ++n)
    {
        FaultPosix failing({Fault::Kind::Once, n, EIO, ""});
        const auto opened =
            LocalStorage::open(folder.path(), Durability::Full, failing);
        if (!opened)
            continue;
        const auto name = path("key" + std::to_string(n));
        const auto created = (*opened)->create(name, "mine");
        const auto content = fileContent(name);
        EXPECT_TRUE(content.empty() || content == "mine") << failing.trace();
        if (created)
        {
            EXPECT_EQ(content, "mine") << failing.trace();
        }
        if (!failing.hit())
            break;
    }
}

TEST_F(StorageLocal, aFolderThatVanishedIsMadeAgain)
{
    ASSERT_TRUE(storage->put(path("sub/folder/a"), "1"));
    fs::remove_all(path("sub"));
    const auto put = storage->put(path("sub/folder/b"), "2");
    EXPECT_TRUE(put) << put.message();
    ASSERT_TRUE(storage->put(path("staged"), "3"));
    fs::remove_all(path("sub"));
    const auto published =
        storage->publish(path("staged"), path("sub/folder/c"));
    EXPECT_TRUE(published) << published.message();
    EXPECT_EQ(fileContent(path("sub/folder/c")), "3");
}

TEST_F(StorageLocal, publishReportsWhatIsNotThereToBePublished)
{
    writeFile(path("a"), "old");
    const auto published = storage->publish(path("none"), path("a"));
    ASSERT_FALSE(published);
    EXPECT_THAT(published.message(), HasSubstr("none"));
    EXPECT_EQ(fileContent(path("a")), "old");
}

TEST_F(StorageLocal, aFailedWriteIsReportedWhereverItHappens)
{
    for (const char *call : {"open", "write", "close"})
    {
        FaultPosix failing({Fault::Kind::Once,
                            std::string(call) == "open" ? 2u : 1u, ENOSPC,
                            call});
        const auto opened =
            LocalStorage::open(folder.path(), Durability::Full, failing);
        const auto put = (*opened)->put(path("object"), "content");
        ASSERT_FALSE(put) << call;
        EXPECT_THAT(put.message(), HasSubstr("No space left on device"));
        EXPECT_THAT(put.message(), HasSubstr(path("object")));
    }
}

TEST_F(StorageLocal, aBarrierSyncsFilesNewFoldersAndTheirParents)
{
    ASSERT_TRUE(storage->put(path("x/y/object"), "content"));
    ASSERT_TRUE(storage->barrier());
    const auto trace = posix.trace();
    for (const auto &synced :
         {path("x/y/object"), path("x/y"), path("x"), folder.path()})
        EXPECT_THAT(trace, HasSubstr("fsync " + synced + "\n"));
    const auto before = posix.kinds()["fsync"];
    ASSERT_TRUE(storage->barrier());
    EXPECT_EQ(posix.kinds()["fsync"], before) << "nothing is left to sync";
}

TEST_F(StorageLocal, aFailedBarrierIsReportedAndRepeatedInFull)
{
    posix.offersSyncfs = false;
    FaultPosix failing({Fault::Kind::Once, 1, EIO, "fsync"});
    failing.offersSyncfs = false;
    const auto opened =
        LocalStorage::open(folder.path(), Durability::Full, failing);
    ASSERT_TRUE((*opened)->put(path("a"), "1"));
    ASSERT_TRUE((*opened)->put(path("b"), "2"));
    EXPECT_FALSE((*opened)->barrier());
    EXPECT_TRUE((*opened)->barrier());
    EXPECT_EQ(failing.kinds()["fsync"], 1 + 4)
        << "two files, their folder, the one above\n"
        << failing.trace();
}

TEST_F(StorageLocal, aBarrierAlsoSyncsWhatWasAdopted)
{
    writeFile(path("x/object"), "by another process");
    storage->adopt(path("x/object"));
    storage->adopt(path("gone/away"));
    const auto done = storage->barrier();
    ASSERT_TRUE(done) << done.message();
    for (const auto &synced : {path("x/object"), path("x"), folder.path()})
        EXPECT_THAT(posix.trace(), HasSubstr("fsync " + synced + "\n"));
}

TEST_F(StorageLocal, aBarrierOfDurabilityProcessSyncsNothing)
{
    open(Durability::Process);
    ASSERT_TRUE(storage->put(path("object"), "content"));
    ASSERT_TRUE(*storage->create(path("key"), "content"));
    ASSERT_TRUE(storage->barrier());
    EXPECT_EQ(posix.kinds()["fsync"] + posix.kinds()["syncfs"], 0);
}

TEST_F(StorageLocal, aBarrierIsOneSyncfsWhereThatReportsErrors)
{
    posix.offersSyncfs = true;
    open(Durability::Full);
    ASSERT_TRUE(storage->put(path("object"), "content"));
    ASSERT_TRUE(storage->barrier());
    EXPECT_EQ(posix.kinds()["syncfs"], 1);
    EXPECT_EQ(posix.kinds()["fsync"], 0);
}

TEST_F(StorageLocal, theVersionOfAnObjectChangesWhenItIsReplaced)
{
    ASSERT_TRUE(storage->put(path("a"), "1"));
    const auto first = (*storage->state(path("a")))->version;
    ASSERT_TRUE(storage->put(path("stage"), "2"));
    ASSERT_TRUE(storage->publish(path("stage"), path("a")));
    EXPECT_NE((*storage->state(path("a")))->version, first);
}

TEST_F(StorageLocal, exchangedFoldersHaveEachOthersContent)
{
    writeFile(path("old/a"), "old");
    ASSERT_TRUE(storage->makeReplacement(path("side/new"), path("old")));
    ASSERT_TRUE(storage->put(path("side/new/b"), "new"));
    ASSERT_TRUE(storage->exchange(path("side/new"), path("old")));
    EXPECT_EQ(fileContent(path("old/b")), "new");
    EXPECT_EQ(fileContent(path("side/new/a")), "old");
    EXPECT_FALSE(fs::exists(path("old/a")));
    EXPECT_THAT(*storage->list(path("side")), ElementsAre("new"));
    // What was known of folders below is not believed any more.
    EXPECT_TRUE(storage->put(path("side/new/c/d"), "x"));
}

TEST_F(StorageLocal, anExchangeThatFailsChangesNothing)
{
    writeFile(path("old/a"), "old");
    fs::create_directory(path("new"));
    for (const int code : {EIO, EINVAL, EXDEV})
    {
        FaultPosix failing({Fault::Kind::Once, 1, code, "renameExchange"});
        auto opened =
            LocalStorage::open(folder.path(), Durability::Full, failing);
        EXPECT_FALSE((*opened)->exchange(path("new"), path("old")));
        EXPECT_EQ(fileContent(path("old/a")), "old");
    }
    EXPECT_FALSE(storage->exchange(path("none"), path("old")));
    EXPECT_EQ(fileContent(path("old/a")), "old");
}

TEST_F(StorageLocal, aReplacementForAFolderThatCannotBeExchangedIsRefused)
{
    EXPECT_FALSE(storage->makeReplacement(path("new"), path("none")));
    writeFile(path("file"), "x");
    EXPECT_FALSE(storage->makeReplacement(path("new"), path("file")));
    fs::create_directory(path("real"));
    fs::create_directory_symlink(path("real"), path("link"));
    const auto link = storage->makeReplacement(path("new"), path("link"));
    ASSERT_FALSE(link);
    EXPECT_THAT(link.message(), HasSubstr("is not a folder"));
    posix.exchangeError = EINVAL;
    const auto made = storage->makeReplacement(path("new"), path("real"));
    ASSERT_FALSE(made);
    EXPECT_THAT(made.message(),
                HasSubstr("cannot exchange two folders atomically"));
    EXPECT_FALSE(fs::exists(path("new.probe")));
}

TEST_F(StorageLocal, aReplacementOnAnotherFileSystemIsRefused)
{
    std::optional<ScratchFolder> other;
    for (const char *above : {"/dev/shm", "/tmp", "/var/tmp", "."})
    {
        struct stat here = {};
        struct stat there = {};
        stat(folder.path().c_str(), &here);
        if (!other && stat(above, &there) == 0 && here.st_dev != there.st_dev &&
            access(above, W_OK) == 0)
            other.emplace(above);
    }
    if (!other)
        GTEST_SKIP() << "there is only one file system";
    const auto made = storage->makeReplacement(path("new"), other->path());
    ASSERT_FALSE(made);
    EXPECT_THAT(made.message(), HasSubstr("another file system"));
}

TEST_F(StorageLocal, aFolderKeepsItsIdentityWhenItIsRenamedAndNoOtherHasIt)
{
    fs::create_directory(path("a"));
    const auto first = *storage->identity(path("a"));
    ASSERT_TRUE(first);
    writeFile(path("a/file"), "x");
    chmod(path("a").c_str(), 0700);
    fs::rename(path("a"), path("b"));
    EXPECT_EQ(*storage->identity(path("b")), first);
    EXPECT_FALSE(storage->identity(path("a"))->has_value());
    EXPECT_FALSE(storage->identity(path("b/file/below"))->has_value());
    fs::create_directory(path("a"));
    EXPECT_NE(*storage->identity(path("a")), first);
    fs::create_directory_symlink(path("b"), path("link"));
    EXPECT_NE(*storage->identity(path("link")), first);
    // Not even where the inode's number is used again.
    fs::remove_all(path("b"));
    for (int i = 0; i < 100; ++i)
    {
        fs::create_directory(path("b"));
        EXPECT_NE(*storage->identity(path("b")), first);
        fs::remove(path("b"));
    }
}

TEST_F(StorageLocal, removeTreeRemovesAllBelowAndFollowsNoLink)
{
    ScratchFolder outside;
    writeFile(outside / "file", "precious");
    writeFile(outside / "sub/file", "precious");
    const auto before = readTree(outside.path());
    const auto make = [&]
    {
        writeFile(path("side/tree/a"), "1");
        writeFile(path("side/tree/b/c/d"), "2");
        writeFile(path("side/tree/b/.hidden"), "3");
        fs::create_directory(path("side/tree/empty"));
        ASSERT_EQ(mkfifo(path("side/tree/fifo").c_str(), 0600), 0);
        fs::create_symlink(outside / "file", path("side/tree/link"));
        fs::create_directory_symlink(outside / "sub",
                                     path("side/tree/b/folder"));
        fs::create_directory_symlink("..", path("side/tree/b/up"));
        fs::create_symlink("nowhere", path("side/tree/b/c/dangling"));
    };
    make();
    writeFile(path("side/other"), "stays");
    auto removed = storage->removeTree(path("side/tree"));
    ASSERT_TRUE(removed) << removed.status().message();
    EXPECT_TRUE(*removed);
    EXPECT_THAT(*storage->list(path("side")), ElementsAre("other"));
    EXPECT_TRUE(*storage->removeTree(path("side/tree"))) << "gone already";
    EXPECT_TRUE(*storage->removeTree(path("no/such/tree")));
    EXPECT_TRUE(*storage->removeTree(path("side/other"))) << "a file";
    // It is a link itself.
    fs::create_directory_symlink(outside.path(), path("side/tree"));
    EXPECT_TRUE(*storage->removeTree(path("side/tree")));
    EXPECT_EQ(difference(before, readTree(outside.path())), "");
    // Interrupted anywhere, the next one goes on.
    for (std::uint64_t n = 1;; ++n)
    {
        FaultPosix failing({Fault::Kind::Once, n, EIO, ""});
        const auto opened =
            LocalStorage::open(folder.path(), Durability::Full, failing);
        if (!opened)
            continue;
        make();
        const auto first = (*opened)->removeTree(path("side/tree"));
        EXPECT_EQ(static_cast<bool>(first), !fs::exists(path("side/tree")))
            << failing.trace();
        ASSERT_TRUE(*storage->removeTree(path("side/tree")));
        ASSERT_EQ(difference(before, readTree(outside.path())), "");
        if (!failing.hit())
            break;
    }
}

TEST_F(StorageLocal, removeTreeDoesNotLeaveTheFolderOfTheStorage)
{
    ScratchFolder outside;
    writeFile(outside / "tree/file", "precious");
    writeFile(path("inside/file"), "precious");
    fs::create_directory_symlink(outside.path(), path("link"));
    for (const auto &name :
         {outside / "tree", path("link/tree"), path("../" + outside.path()),
          path("inside/.."), path("inside/../inside"), path("."), path(""),
          path("inside/"), path("inside//file"), folder.path(),
          folder.path() + "x", std::string(), std::string("/"),
          std::string("inside")})
    {
        EXPECT_FALSE(storage->removeTree(name)) << name;
        EXPECT_EQ(fileContent(outside / "tree/file"), "precious") << name;
        EXPECT_EQ(fileContent(path("inside/file")), "precious") << name;
    }
}

TEST_F(StorageLocal, removeTreeDoesNotEnterAMountedFileSystem)
{
    writeFile(path("tree/a"), "1");
    fs::create_directory(path("tree/mounted"));
    if (mount("tmpfs", path("tree/mounted").c_str(), "tmpfs", 0, "size=1m") !=
        0)
        GTEST_SKIP() << "nothing can be mounted";
    writeFile(path("tree/mounted/file"), "precious");
    const auto removed = storage->removeTree(path("tree"));
    EXPECT_EQ(fileContent(path("tree/mounted/file")), "precious");
    ASSERT_EQ(umount(path("tree/mounted").c_str()), 0);
    ASSERT_TRUE(removed) << removed.status().message();
    EXPECT_FALSE(*removed);
    EXPECT_FALSE(fs::exists(path("tree/a")));
}

TEST_F(StorageLocal, removeTreeRemovesWhatItMayAndSaysThatTheRestStays)
{
    for (const int code : {EACCES, EPERM, EBUSY, ENOTEMPTY})
    {
        writeFile(path("tree/a"), "1");
        writeFile(path("tree/b/c"), "2");
        writeFile(path("tree/d"), "3");
        FaultPosix failing({Fault::Kind::Once, 2, code, "unlinkAt"});
        const auto opened =
            LocalStorage::open(folder.path(), Durability::Full, failing);
        const auto removed = (*opened)->removeTree(path("tree"));
        ASSERT_TRUE(removed) << removed.status().message();
        EXPECT_FALSE(*removed);
        EXPECT_GT(failing.kinds()["unlinkAt"], 2);
        EXPECT_TRUE(fs::exists(path("tree")));
        EXPECT_TRUE(*storage->removeTree(path("tree")));
    }
}

}  // namespace
}  // namespace mdimappend
