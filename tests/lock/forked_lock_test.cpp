// A lock is its process's alone: a child that is forked while it is held
// neither keeps it, nor frees it, nor believes that it has it.

#include "lock/claims.h"
#include "lock/kernel_lock.h"
#include "lock/lease.h"
#include "storage/local_storage.h"
#include "support/forked_child.h"
#include "support/tree.h"

#include <gmock/gmock.h>

#include <fcntl.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using testing::HasSubstr;
using Seconds = std::chrono::duration<double>;

class ForkedLockTest : public testing::Test
{
  protected:
    LockRequest request() const
    {
        LockRequest request;
        request.path = path;
        request.command = "the test";
        request.timeout = Seconds(0);
        return request;
    }

    Result<std::unique_ptr<Lock>> kernel() const
    {
        return acquireLocalLock(request(), *storage);
    }

    Result<std::unique_ptr<Lock>> lease() const
    {
        return acquireLease(request(), *storage);
    }

    static bool isRefusedAsForked(const Status &status)
    {
        return !status && status.message().find("forked") != std::string::npos;
    }

    ScratchFolder folder;
    std::string path = folder / "lock";
    std::unique_ptr<LocalStorage> storage =
        std::move(*LocalStorage::open(folder.path(), Durability::Process));
};

TEST_F(ForkedLockTest, aChildThatLivesOnDoesNotKeepIt)
{
    auto held = kernel();
    ASSERT_TRUE(held) << held.status().message();
    const LivingChild child;
    EXPECT_EQ(kernel().status().kind(), Failure::Locked);
    held->reset();
    EXPECT_FALSE(peekLock(path, *storage)->held);
    EXPECT_TRUE(kernel());
}

TEST_F(ForkedLockTest, aChildDoesNotKeepItWhenItsParentIsKilled)
{
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t parent = forkChild(
        [&]
        {
            const auto held = kernel();
            forkChild(
                [&]
                {
                    // It has closed its copies by now.
                    const pid_t self = getpid();
                    if (write(ready[1], &self, sizeof(self)) > 0)
                        pause();
                    return true;
                });
            if (held)
                pause();
            return false;
        });
    close(ready[1]);
    pid_t child = 0;
    ASSERT_EQ(read(ready[0], &child, sizeof(child)),
              static_cast<ssize_t>(sizeof(child)));
    EXPECT_EQ(kernel().status().kind(), Failure::Locked);
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
    EXPECT_TRUE(kernel());
    kill(child, SIGKILL);
    close(ready[0]);
}

TEST_F(ForkedLockTest, aChildsDestructorDoesNotFreeIt)
{
    auto held = kernel();
    ASSERT_TRUE(held);
    EXPECT_TRUE(isRightInChild(
        [&]
        {
            held->reset();
            return true;
        }));
    EXPECT_TRUE((*held)->stillOurs());
    EXPECT_EQ(kernel().status().kind(), Failure::Locked);
    EXPECT_THAT(fileContent(path), HasSubstr("\"state\": \"held\""));
}

TEST_F(ForkedLockTest, aChildThatEndsDoesNotFreeIt)
{
    const auto held = kernel();
    ASSERT_TRUE(held);
    EXPECT_TRUE(isRightInChild([] { return true; }));
    EXPECT_TRUE((*held)->stillOurs());
    EXPECT_EQ(kernel().status().kind(), Failure::Locked);
}

TEST_F(ForkedLockTest, aChildThatExecutesSomethingElseDoesNotFreeIt)
{
    const auto held = kernel();
    ASSERT_TRUE(held);
    EXPECT_TRUE(isRightInChild(
        [] { return execl("/bin/true", "true", nullptr) == 0; }));
    EXPECT_EQ(kernel().status().kind(), Failure::Locked);
}

TEST_F(ForkedLockTest, aChildIsToldThatItIsItsParents)
{
    const auto held = kernel();
    ASSERT_TRUE(held);
    EXPECT_TRUE(isRightInChild(
        [&]
        {
            return isRefusedAsForked((*held)->stillOurs()) &&
                   kernel().status().kind() == Failure::Locked;
        }));
}

TEST_F(ForkedLockTest, aChildsDestructorClosesNoFileOfItsOwn)
{
    auto held = kernel();
    ASSERT_TRUE(held);
    EXPECT_TRUE(isRightInChild(
        [&]
        {
            // One of these has the number that the lock's file had.
            std::vector<int> own;
            while (own.size() < 64)
                own.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
            held->reset();
            return std::all_of(own.begin(), own.end(),
                               [](int fd) { return fcntl(fd, F_GETFD) >= 0; });
        }));
}

TEST_F(ForkedLockTest, aChildCanTakeItForItselfWhenItIsFree)
{
    auto held = kernel();
    ASSERT_TRUE(held);
    int go[2];
    ASSERT_EQ(pipe(go), 0);
    const pid_t child = forkChild(
        [&]
        {
            char word = 0;
            const auto waited = read(go[0], &word, 1) == 1;
            auto own = kernel();
            return waited && own && (*own)->stillOurs();
        });
    held->reset();
    EXPECT_EQ(write(go[1], "x", 1), 1);
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(kernel());
    close(go[0]);
    close(go[1]);
}

TEST_F(ForkedLockTest, aChildNeitherHasNorFreesAParentsLease)
{
    auto held = lease();
    ASSERT_TRUE(held);
    EXPECT_TRUE(isRightInChild(
        [&]
        {
            auto *theirs = (*held)->lease();
            const bool isRefused =
                isRefusedAsForked((*held)->stillOurs()) &&
                isRefusedAsForked(theirs->leave(LeftUntil::Time).status()) &&
                theirs->timeLeft() <= Seconds(0);
            held->reset();
            return isRefused;
        }));
    EXPECT_TRUE((*held)->stillOurs());
    EXPECT_EQ(lease().status().kind(), Failure::Locked);
    EXPECT_TRUE((*held)->lease()->leave(LeftUntil::Time));
}

}  // namespace
}  // namespace mdimappend
