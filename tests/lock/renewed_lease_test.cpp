// A lease while it is held, whatever its claim is kept in.

#include "lock/renewed_lease.h"
#include "support/forked_child.h"

#include <gmock/gmock.h>

#include <functional>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using testing::HasSubstr;
using Seconds = std::chrono::duration<double>;

/// What has been done to a claim, and what becomes of it.
struct Fate
{
    std::atomic<int> renewals = 0;
    std::atomic<int> atOnce = 0;
    std::atomic<int> most = 0;
    std::atomic<int> freed = 0;
    std::function<Result<bool>()> renewing = [] { return true; };
    Status found = Status::ok();
};

class FakeClaim final : public HeldClaim
{
  public:
    FakeClaim(Fate &fate, Seconds lease) : m_fate(fate), m_lease(lease)
    {
    }

    Seconds lease() const override
    {
        return m_lease;
    }

    Result<bool> renew() override
    {
        m_fate.most = std::max(m_fate.most.load(), ++m_fate.atOnce);
        auto renewed = m_fate.renewing();
        --m_fate.atOnce;
        ++m_fate.renewals;
        return renewed;
    }

    Status look() override
    {
        return m_fate.found;
    }

    Status free() override
    {
        ++m_fate.freed;
        return Status::ok();
    }

    LeaseTicket ticket() const override
    {
        return {7, "nonce"};
    }

  private:
    Fate &m_fate;
    Seconds m_lease;
};

class RenewedLeaseTest : public testing::Test
{
  protected:
    std::unique_ptr<RenewedLease> hold(Seconds lease)
    {
        return std::make_unique<RenewedLease>(
            request, std::make_unique<FakeClaim>(fate, lease),
            leaseTime(request));
    }

    void waitForRenewals(int count) const
    {
        for (int i = 0; i < 3000 && fate.renewals < count; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_GE(fate.renewals, count);
    }

    Fate fate;
    /// By this clock no lease ends, however slow the machine is.
    LockRequest request{"somewhere",
                        "the test",
                        {},
                        {},
                        Seconds(30),
                        {},
                        [] { return Seconds(1000); }};
};

TEST_F(RenewedLeaseTest, isRenewedUntilItIsFreed)
{
    auto lease = hold(Seconds(0.09));
    waitForRenewals(3);
    lease.reset();
    EXPECT_EQ(fate.freed, 1);
    const int renewals = fate.renewals;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(fate.renewals, renewals);
}

TEST_F(RenewedLeaseTest, ofWhichARenewalFailsIsTriedAgain)
{
    fate.renewing = [&]() -> Result<bool>
    {
        if (fate.renewals == 0)
            return error("no connection");
        return true;
    };
    const auto lease = hold(Seconds(1));
    waitForRenewals(2);
    EXPECT_TRUE(lease->stillOurs());
}

TEST_F(RenewedLeaseTest, thatSomebodyElseHasIsLostAndNeitherRenewedNorFreed)
{
    fate.renewing = [] { return false; };
    auto lease = hold(Seconds(0.3));
    waitForRenewals(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    EXPECT_EQ(fate.renewals, 1);
    EXPECT_EQ(lease->timeLeft(), Seconds(0));
    EXPECT_FALSE(lease->stillOurs());
    lease.reset();
    EXPECT_EQ(fate.freed, 0);
}

TEST_F(RenewedLeaseTest, thatRanOutIsNeitherRenewedNorFreed)
{
    std::atomic<double> now = 1000;
    request.clock = [&now] { return Seconds(now); };
    auto lease = hold(Seconds(0.3));
    now = now + 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    EXPECT_EQ(fate.renewals, 0);
    EXPECT_THAT(lease->stillOurs().message(), HasSubstr("ran out"));
    lease.reset();
    EXPECT_EQ(fate.freed, 0);
}

TEST_F(RenewedLeaseTest, isTakenOverIfWhoeverLooksSaysSo)
{
    const auto lease = hold(Seconds(60));
    fate.found = error("taken over");
    EXPECT_EQ(lease->stillOurs().message(), "taken over");
    EXPECT_FALSE(lease->leave(LeftUntil::Time));
}

TEST_F(RenewedLeaseTest, thatIsLeftStaysHeldUnlessItIsToBeFreed)
{
    auto lease = hold(Seconds(60));
    const auto ticket = lease->leave(LeftUntil::Time);
    ASSERT_TRUE(ticket);
    EXPECT_EQ(*ticket, (LeaseTicket{7, "nonce"}));
    EXPECT_EQ(fate.renewals, 1);
    lease.reset();
    EXPECT_EQ(fate.freed, 0);

    request.left = *ticket;
    lease = hold(Seconds(60));
    lease.reset();
    EXPECT_EQ(fate.freed, 0);
    lease = hold(Seconds(60));
    lease->freeAtEnd();
    lease.reset();
    EXPECT_EQ(fate.freed, 1);
}

TEST_F(RenewedLeaseTest, isRenewedByOneThreadAtATime)
{
    fate.renewing = []
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return true;
    };
    const auto lease = hold(Seconds(0.06));
    for (int i = 0; i < 20; ++i)
    {
        EXPECT_TRUE(lease->leave(LeftUntil::Time));
        std::this_thread::sleep_for(std::chrono::milliseconds(i % 4 * 5));
    }
    EXPECT_EQ(fate.most, 1);
}

TEST_F(RenewedLeaseTest, canBeForkedInTheMiddleOfARenewal)
{
    std::atomic<bool> renewing = false;
    std::atomic<bool> goOn = false;
    fate.renewing = [&]
    {
        renewing = true;
        while (!goOn)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return true;
    };
    auto lease = hold(Seconds(6));
    while (!renewing)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(isRightInChild(
        [&]
        {
            const bool isRefused = !lease->stillOurs() &&
                                   !lease->leave(LeftUntil::Time) &&
                                   lease->timeLeft() <= Seconds(0);
            lease.reset();
            return isRefused && fate.freed == 0;
        }));
    goOn = true;
    waitForRenewals(1);
    EXPECT_TRUE(lease->stillOurs());
    lease.reset();
    EXPECT_EQ(fate.freed, 1);
}

}  // namespace
}  // namespace mdimappend
