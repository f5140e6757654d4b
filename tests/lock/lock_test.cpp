// Promise T3's first half: the kernel's lock lets one writer in, whatever
// happens to the others.

#include "lock/kernel_lock.h"
#include "storage/local_storage.h"
#include "support/fault_posix.h"
#include "support/one_at_a_time.h"
#include "support/tree.h"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fcntl.h>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

class LockTest : public testing::Test
{
  protected:
    ScratchFolder folder;
    std::string path = folder / "lock";
    std::unique_ptr<LocalStorage> storage =
        std::move(*LocalStorage::open(folder.path(), Durability::Process));

    Result<std::unique_ptr<Lock>> acquire(const LockRequest &request,
                                          Posix &posix = Posix::system()) const
    {
        return acquireLocalLock(request, *storage, posix);
    }

    LockRequest request(std::optional<Seconds> timeout = Seconds(0)) const
    {
        LockRequest request;
        request.path = path;
        request.command = "the test";
        request.timeout = timeout;
        return request;
    }

    Status tryToLock(std::optional<Seconds> timeout = Seconds(0)) const
    {
        return acquire(request(timeout)).takeStatus();
    }

    /// Another process that takes the lock and keeps it until it is killed.
    pid_t holder() const
    {
        int ready[2];
        EXPECT_EQ(pipe(ready), 0);
        const pid_t child = fork();
        if (child == 0)
        {
            close(ready[0]);
            const auto lock = acquire(request());
            const char word = lock ? 'y' : 'n';
            static_cast<void>(write(ready[1], &word, 1) == 1);
            while (true)
                pause();
        }
        close(ready[1]);
        char word = 0;
        EXPECT_EQ(read(ready[0], &word, 1), 1);
        EXPECT_EQ(word, 'y') << "the other process did not get the lock";
        close(ready[0]);
        return child;
    }

    static void end(pid_t child)
    {
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
    }
};

TEST_F(LockTest, isHeldByOneObjectAtATime)
{
    auto first = acquire(request());
    ASSERT_TRUE(first);
    const auto second = tryToLock();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.kind(), Failure::Locked);
    first->reset();
    EXPECT_TRUE(tryToLock());
}

TEST_F(LockTest, tellsWhoHoldsIt)
{
    const auto child = holder();
    const auto status = tryToLock();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.kind(), Failure::Locked);
    EXPECT_THAT(status.message(),
                HasSubstr("process " + std::to_string(child)));
    EXPECT_THAT(status.message(), HasSubstr("the test"));
    const auto state = peekLock(path, *storage);
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->held);
    EXPECT_EQ(state->holder.process, child);
    end(child);
}

TEST_F(LockTest, excludesOtherProcessesAndGoesWithAKilledOne)
{
    const auto child = holder();
    EXPECT_FALSE(tryToLock());
    end(child);
    EXPECT_TRUE(tryToLock());
}

TEST_F(LockTest, staysWithAStoppedProcess)
{
    const auto child = holder();
    kill(child, SIGSTOP);
    int status = 0;
    waitpid(child, &status, WUNTRACED);
    EXPECT_EQ(tryToLock(Seconds(0.1)).kind(), Failure::Locked);
    end(child);
    EXPECT_TRUE(tryToLock());
}

TEST_F(LockTest, withoutATimeoutFailsAtOnce)
{
    const auto held = acquire(request());
    const auto started = Clock::now();
    EXPECT_EQ(tryToLock(Seconds(0)).kind(), Failure::Locked);
    EXPECT_LT(Clock::now() - started, Seconds(0.5));
}

TEST_F(LockTest, waitsAsLongAsItWasTold)
{
    const auto held = acquire(request());
    const auto started = Clock::now();
    EXPECT_EQ(tryToLock(Seconds(0.2)).kind(), Failure::Locked);
    const Seconds waited = Clock::now() - started;
    EXPECT_GE(waited.count(), 0.2);
    EXPECT_LT(waited.count(), 2);
}

TEST_F(LockTest, isTakenWhenItBecomesFreeWhileWaiting)
{
    auto held = acquire(request());
    std::thread release(
        [&]
        {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            held->reset();
        });
    EXPECT_TRUE(tryToLock(Seconds(30)));
    release.join();
}

TEST_F(LockTest, canBeWaitedForForEverAndCancelled)
{
    const auto held = acquire(request());
    auto forever = request(std::nullopt);
    int asked = 0;
    forever.cancelled = [&] { return ++asked == 3; };
    const auto lock = acquire(forever);
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.status().kind(), Failure::Interrupted);
    EXPECT_EQ(asked, 3);
}

TEST_F(LockTest, isTakenOnTheFileThatIsThereAfterAReplacementWhileWaiting)
{
    auto held = acquire(request());
    std::thread replace(
        [&]
        {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            writeFile(path, "");
        });
    auto second = acquire(request(Seconds(30)));
    replace.join();
    ASSERT_TRUE(second);
    EXPECT_TRUE((*second)->stillOurs());
    const auto lost = (*held)->stillOurs();
    ASSERT_FALSE(lost);
    EXPECT_THAT(lost.message(), HasSubstr("removed or replaced"));
    // The first one's end does not touch the second one's document.
    held->reset();
    EXPECT_TRUE((*second)->stillOurs());
    EXPECT_THAT(fileContent(path), HasSubstr("held"));
    EXPECT_FALSE(tryToLock());
}

TEST_F(LockTest, isLostWhenItsFileIsRemoved)
{
    auto held = acquire(request());
    EXPECT_TRUE((*held)->stillOurs());
    std::filesystem::remove(path);
    EXPECT_FALSE((*held)->stillOurs());
    held->reset();
    EXPECT_FALSE(std::filesystem::exists(path)) << "nor made again";
}

TEST_F(LockTest, isNeverDeletedAndSaysFreeAfterwards)
{
    const auto inode = [&]
    {
        struct stat state = {};
        EXPECT_EQ(stat(path.c_str(), &state), 0);
        return state.st_ino;
    };
    ASSERT_TRUE(tryToLock());
    const auto first = inode();
    EXPECT_THAT(fileContent(path), HasSubstr("\"state\": \"free\""));
    ASSERT_TRUE(tryToLock());
    EXPECT_EQ(inode(), first);
    const auto state = peekLock(path, *storage);
    ASSERT_TRUE(state);
    EXPECT_FALSE(state->held);
}

TEST_F(LockTest, doesNotDependOnItsText)
{
    for (const char *text : {"", "{", "null", "[1]", "{\"host\": 5}",
                             "{\"process\": \"x\"}", "\xff\xfe"})
    {
        writeFile(path, text);
        const auto state = peekLock(path, *storage);
        ASSERT_TRUE(state) << text;
        EXPECT_FALSE(state->held) << text;
        EXPECT_TRUE(tryToLock()) << text;
    }
    const auto held = acquire(request());
    std::ofstream(path) << "torn";  // the same inode
    EXPECT_EQ(tryToLock().kind(), Failure::Locked);
    EXPECT_THAT(tryToLock().message(), HasSubstr("left no name"));
    EXPECT_TRUE((*held)->stillOurs());
}

TEST_F(LockTest, leavesNothingOfALongerTextThatWasThere)
{
    auto talkative = request();
    talkative.command = std::string(2000, 'x');
    ASSERT_TRUE(acquire(talkative));
    ASSERT_TRUE(tryToLock());
    const auto text = fileContent(path);
    const auto document = parseJson(text);
    ASSERT_TRUE(document) << text;
    EXPECT_EQ(textMember(*document, "command"), "the test");
}

TEST_F(LockTest, isNotTakenThroughALink)
{
    // A link could lead to a file outside the sidecar, to be truncated.
    writeFile(folder / "victim", "precious");
    std::filesystem::create_symlink(folder / "victim", path);
    EXPECT_FALSE(tryToLock());
    EXPECT_EQ(fileContent(folder / "victim"), "precious");
}

TEST_F(LockTest, isNotInheritedByWhatTheProcessExecutes)
{
    const auto held = acquire(request());
    int found = 0;
    for (int fd = 3; fd < 256; ++fd)
    {
        char target[4096] = {};
        const auto name = "/proc/self/fd/" + std::to_string(fd);
        if (readlink(name.c_str(), target, sizeof(target) - 1) > 0 &&
            path == target)
        {
            ++found;
            EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        }
    }
    EXPECT_EQ(found, 1);
}

TEST_F(LockTest, isRefusedWhereTheFileSystemHasNoSuchLocks)
{
    FaultPosix posix({Fault::Kind::Once, 1, EINVAL, "lock"});
    const auto lock = acquire(request(), posix);
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.status().kind(), Failure::Error);
    EXPECT_THAT(lock.status().message(), HasSubstr("no working OFD locks"));
}

TEST_F(LockTest, isFreeAfterwardsWhicheverOfItsCallsFails)
{
    int granted = 0;
    for (const auto kind :
         {Fault::Kind::Once, Fault::Kind::FromThenOn, Fault::Kind::TornWrite,
          Fault::Kind::KillBefore, Fault::Kind::KillAfter})
    {
        for (std::uint64_t at = 1;; ++at)
        {
            FaultPosix posix({kind, at});
            auto lock = acquire(request(), posix);
            if (lock)
            {
                ++granted;
                EXPECT_EQ(tryToLock().kind(), Failure::Locked) << posix.trace();
                lock->reset();
            }
            EXPECT_TRUE(tryToLock()) << posix.trace();
            if (!posix.hit() && posix.calls() < at)
                break;
        }
    }
    EXPECT_GT(granted, 10);
}

TEST_F(LockTest, isFreedByACallOfItsOwn)
{
    FaultPosix posix;
    EXPECT_TRUE(acquire(request(), posix));
    EXPECT_EQ(posix.kinds()["unlock"], 1);
    EXPECT_EQ(posix.kinds()["lseek"], 2);
    EXPECT_EQ(posix.kinds()["open"], posix.kinds()["close"]);
}

TEST_F(LockTest, isSeenFromOutsideOrNotWhicheverCallFails)
{
    const auto held = acquire(request());
    for (std::uint64_t at = 1;; ++at)
    {
        FaultPosix posix({Fault::Kind::Once, at});
        const auto state = peekLock(path, *storage, posix);
        if (!state)
        {
            EXPECT_THAT(state.status().message(), HasSubstr("cannot open"));
        }
        EXPECT_EQ(posix.kinds()["askLock"], at == 1 ? 0 : 1);
        if (!posix.hit())
        {
            EXPECT_TRUE(state->held);
            break;
        }
    }
    EXPECT_EQ(tryToLock().kind(), Failure::Locked);
}

TEST_F(LockTest, excludesManyThreadsThatWantItAtOnce)
{
    expectOneAtATime([&](int) { return acquire(request(Seconds(60))); });
}

TEST_F(LockTest, peekingAtAMissingLockFindsItFree)
{
    const auto state = peekLock(folder / "none/lock", *storage);
    ASSERT_TRUE(state);
    EXPECT_FALSE(state->held);
}

}  // namespace
}  // namespace mdimappend
