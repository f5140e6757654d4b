// Promise T3 where the kernel's locks do not reach: a lease, by the observer's
// own clock.

#include "lock/claims.h"
#include "lock/kernel_lock.h"
#include "lock/lease.h"
#include "storage/local_storage.h"
#include "support/forked_child.h"
#include "support/one_at_a_time.h"
#include "support/tree.h"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using testing::HasSubstr;
using Seconds = std::chrono::duration<double>;

class LeaseTest : public testing::Test
{
  protected:
    /// A writer with a clock of its own, which moves by `tick` each time that
    /// it is looked at.
    struct Writer
    {
        Seconds now{1000};
        Seconds tick{0};
    };

    LockRequest request(Writer &writer, Seconds timeout = Seconds(0)) const
    {
        LockRequest request;
        request.path = path;
        request.command = "the test";
        request.timeout = timeout;
        request.lease = Seconds(10);
        request.clock = [&writer] { return writer.now += writer.tick; };
        return request;
    }

    Result<std::unique_ptr<Lock>> lease(Writer &writer,
                                        Seconds timeout = Seconds(0))
    {
        return acquireLease(request(writer, timeout), *storage);
    }

    Result<std::unique_ptr<Lock>> kernel(Writer &writer,
                                         Seconds timeout = Seconds(0))
    {
        return acquireLocalLock(request(writer, timeout), *storage);
    }

    void takeInAProcessThatIsKilled()
    {
        const pid_t child = forkChild(
            [&]
            {
                const auto held = lease(a);
                return raise(SIGKILL) == 0;
            });
        waitpid(child, nullptr, 0);
    }

    ScratchFolder folder;
    std::string path = folder / "lock";
    std::unique_ptr<LocalStorage> storage =
        std::move(*LocalStorage::open(folder.path(), Durability::Process));
    Writer a;
    Writer b;
};

TEST_F(LeaseTest, isHeldByOneAtATimeAndFreeAfterwards)
{
    auto first = lease(a);
    ASSERT_TRUE(first) << first.status().message();
    EXPECT_TRUE((*first)->lease());
    EXPECT_TRUE((*first)->stillOurs());
    const auto second = lease(b);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.status().kind(), Failure::Locked);
    EXPECT_THAT(second.status().message(),
                HasSubstr("process " + std::to_string(getpid())));
    EXPECT_THAT(second.status().message(), HasSubstr("10 s after its last"));
    first->reset();
    EXPECT_TRUE(lease(b));
}

TEST_F(LeaseTest, isTakenOverWhenTheObserverHasSeenItUnchangedForLongEnough)
{
    auto first = lease(a);
    b.tick = Seconds(0.5);
    const auto before = b.now;
    auto second = lease(b, Seconds(30));
    ASSERT_TRUE(second) << second.status().message();
    EXPECT_GT(b.now - before, Seconds(11)) << "a lease and a tenth";
    EXPECT_TRUE((*second)->stillOurs());
    const auto lost = (*first)->stillOurs();
    ASSERT_FALSE(lost);
    EXPECT_THAT(lost.message(), HasSubstr("taken over by process"));
    // The end of the first one does not free what the second one has.
    first->reset();
    EXPECT_TRUE((*second)->stillOurs());
    EXPECT_FALSE(lease(a));
}

TEST_F(LeaseTest, isNotTakenOverForWhatAnybodysClockSays)
{
    // The holder's clock is years ahead, or behind; the observer looks once.
    for (const double years : {-50.0, 50.0})
    {
        a.now = Seconds(years * 365 * 24 * 3600);
        const auto first = lease(a);
        ASSERT_TRUE(first);
        EXPECT_EQ(lease(b).status().kind(), Failure::Locked);
    }
}

TEST_F(LeaseTest, isNotTakenOverWhileItIsRenewed)
{
    const auto first = lease(a);
    Claims claims(*storage, folder / "lease");
    ClaimWatch watch(claims);
    for (int i = 0; i < 10; ++i)
    {
        auto claim = claims.latest();
        ASSERT_TRUE(claim && *claim);
        b.now += Seconds(10.5);
        EXPECT_FALSE(*watch.isGone(**claim, b.now));
        ++(*claim)->renewals;
        ASSERT_TRUE(claims.rewrite(**claim));
    }
    b.now += Seconds(10.5);
    EXPECT_FALSE(*watch.isGone(**claims.latest(), b.now));
    b.now += Seconds(10.5);
    EXPECT_FALSE(*watch.isGone(**claims.latest(), b.now));
    b.now += Seconds(1);
    EXPECT_TRUE(*watch.isGone(**claims.latest(), b.now));
}

TEST_F(LeaseTest, isRenewedInTheBackground)
{
    LockRequest real;
    real.path = path;
    real.timeout = Seconds(0);
    real.lease = Seconds(1);
    const auto first = acquireLease(real, *storage);
    ASSERT_TRUE(first);
    real.timeout = Seconds(2.5);
    const auto second = acquireLease(real, *storage);
    ASSERT_FALSE(second) << "a living writer's lease was taken";
    EXPECT_EQ(second.status().kind(), Failure::Locked);
    EXPECT_TRUE((*first)->stillOurs());
}

TEST_F(LeaseTest, isLostWhenItsHolderHasSleptForTooLong)
{
    // Nobody else may have come; but somebody may be counting.
    const auto first = lease(a);
    a.now += Seconds(9);
    EXPECT_TRUE((*first)->stillOurs());
    a.now += Seconds(2);
    const auto lost = (*first)->stillOurs();
    ASSERT_FALSE(lost);
    EXPECT_THAT(lost.message(), HasSubstr("ran out"));
}

TEST_F(LeaseTest, ofAKilledProcessIsOverAtOnce)
{
    takeInAProcessThatIsKilled();
    EXPECT_TRUE(lease(b));
    takeInAProcessThatIsKilled();
    EXPECT_TRUE(kernel(b));
}

TEST_F(LeaseTest, ofAStoppedProcessIsOverByTime)
{
    const pid_t child = forkChild(
        [&]
        {
            const auto held = lease(a);
            raise(SIGSTOP);
            return true;
        });
    waitpid(child, nullptr, WUNTRACED);
    EXPECT_EQ(lease(b).status().kind(), Failure::Locked);
    EXPECT_EQ(kernel(b).status().kind(), Failure::Locked);
    b.tick = Seconds(1);
    EXPECT_TRUE(lease(b, Seconds(30)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST_F(LeaseTest, ofAKilledProcessElsewhereIsOverByTime)
{
    takeInAProcessThatIsKilled();
    Claims claims(*storage, folder / "lease");
    auto claim = **claims.latest();
    ASSERT_TRUE(claim.until);
    claim.until->host += "2";
    ASSERT_TRUE(claims.rewrite(claim));
    EXPECT_EQ(lease(b).status().kind(), Failure::Locked);
    b.tick = Seconds(1);
    EXPECT_TRUE(lease(b, Seconds(30)));
}

TEST_F(LeaseTest, thatWasLeftToOthersIsOverByTime)
{
    EXPECT_TRUE(isRightInChild(
        [&]
        {
            const auto held = lease(a);
            return held && (*held)->lease()->leave(LeftUntil::Time);
        }));
    EXPECT_EQ(lease(b).status().kind(), Failure::Locked);
    b.tick = Seconds(1);
    EXPECT_TRUE(lease(b, Seconds(30)));
}

TEST_F(LeaseTest, isAsItWasLeftWhoeverGoesOnWithIt)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = forkChild(
        [&]
        {
            const auto held = lease(a);
            const auto left =
                (*held)->lease()->leave(LeftUntil::ThisProcessEnds);
            if (left && write(ends[1], left->nonce.data(), 16) == 16)
                pause();
            return false;
        });
    auto goingOn = request(b);
    goingOn.left = LeaseTicket{1, std::string(16, ' ')};
    ASSERT_EQ(read(ends[0], goingOn.left->nonce.data(), 16), 16);
    {
        const auto held = acquireLease(goingOn, *storage);
        ASSERT_TRUE(held) << held.status().message();
        ASSERT_TRUE((*held)->lease()->leave(LeftUntil::Time));
    }
    EXPECT_EQ(lease(b).status().kind(), Failure::Locked);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(lease(b)) << "the process that it was left with has ended";
    EXPECT_FALSE(acquireLease(goingOn, *storage));
    close(ends[0]);
    close(ends[1]);
}

TEST_F(LeaseTest, andTheKernelsLockExcludeEachOther)
{
    {
        const auto held = kernel(a);
        ASSERT_TRUE(held);
        EXPECT_EQ(lease(b).status().kind(), Failure::Locked);
    }
    {
        const auto held = lease(a);
        ASSERT_TRUE(held);
        EXPECT_EQ(kernel(b).status().kind(), Failure::Locked);
    }
    EXPECT_TRUE(kernel(b));
}

TEST_F(LeaseTest, thatIsOverIsLostToAWriterWithTheKernelsLock)
{
    auto first = lease(a);
    b.tick = Seconds(1);
    const auto second = kernel(b, Seconds(30));
    ASSERT_TRUE(second) << second.status().message();
    EXPECT_FALSE((*first)->stillOurs());
    first->reset();
    EXPECT_TRUE((*second)->stillOurs());
    EXPECT_EQ(lease(a).status().kind(), Failure::Locked);
}

TEST_F(LeaseTest, isNotHadByCreatingANumberThatOthersHavePassed)
{
    Claims claims(*storage, folder / "lease");
    ASSERT_TRUE(lease(a));
    ASSERT_TRUE(lease(a));
    ASSERT_TRUE(lease(a));
    // Who looked long ago, and goes on now.
    Claim late;
    late.number = 2;
    const auto created = claims.create(late);
    ASSERT_TRUE(created);
    EXPECT_FALSE(*created);
    EXPECT_TRUE(lease(b)) << "and does not keep others away";
}

TEST_F(LeaseTest, leavesOneClaimHoweverManyHaveBeen)
{
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(lease(a));
    const auto names = storage->list(folder / "lease");
    ASSERT_TRUE(names);
    EXPECT_THAT(*names, testing::ElementsAre("000000000020"));
}

TEST_F(LeaseTest, thatIsDamagedIsWaitedForAndTakenOver)
{
    ASSERT_TRUE(lease(a));
    for (const char *text :
         {"", "{", "null", "[1]", R"({"lease": "x", "state": 7})",
          R"({"lease": 1e300, "state": "held"})",
          R"({"lease": NaN, "state": "held"})",
          R"({"lease": -5, "state": "held"})", "\xff\xfe"})
    {
        const auto names = storage->list(folder / "lease");
        ASSERT_EQ(names->size(), 1u);
        writeFile(folder / ("lease/" + names->front()), text);
        b.tick = Seconds(0);
        EXPECT_EQ(lease(b).status().kind(), Failure::Locked) << text;
        b.tick = Seconds(3600);
        EXPECT_TRUE(lease(b, Seconds(30))) << text;
    }
}

TEST_F(LeaseTest, isNotDisturbedByOtherNamesInItsFolder)
{
    ASSERT_TRUE(lease(a));
    for (const char *name : {"99999999999999999999999", "18446744073709551615",
                             "-00000000001", "999999999999.x", "a", "7"})
        writeFile(folder / ("lease/" + std::string(name)), "{}");
    const auto held = lease(a);
    ASSERT_TRUE(held) << held.status().message();
    EXPECT_TRUE((*held)->stillOurs());
}

TEST_F(LeaseTest, canBeEndedByAHuman)
{
    const auto first = lease(a);
    const auto ended = endLease(path, *storage);
    ASSERT_TRUE(ended && *ended);
    EXPECT_FALSE((*first)->stillOurs());
    EXPECT_TRUE(lease(b)) << "at once";
    EXPECT_FALSE(*endLease(path, *storage)) << "nothing to end";
}

TEST_F(LeaseTest, isSeenFromOutside)
{
    EXPECT_FALSE(peekLock(path, *storage)->held);
    const auto first = lease(a);
    const auto state = peekLock(path, *storage);
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->held);
    EXPECT_TRUE(state->leased);
    EXPECT_EQ(state->holder.process, getpid());
}

TEST_F(LeaseTest, excludesManyThreadsOfBothKinds)
{
    expectOneAtATime(
        [&](int i)
        {
            LockRequest real;
            real.path = path;
            real.timeout = Seconds(60);
            return i % 2 ? acquireLease(real, *storage)
                         : acquireLocalLock(real, *storage);
        });
}

}  // namespace
}  // namespace mdimappend
