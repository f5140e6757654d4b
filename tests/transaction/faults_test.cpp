// Promises T1, T3 and T4 under errors: the n-th system call of one append
// fails, for n = 1, 2, ... until none is hit.

#include "support/campaign.h"

#include <functional>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

class ProtocolFaults : public EveryScenario
{
  protected:
    using State = Campaign::State;

    /// Every call, or one of each `stride` (in each scenario others).
    void failEach(Fault fault, std::uint64_t stride = 1)
    {
        // The first slice of a batch is not lost with the second.
        campaign.mayBePartly = true;
        stride = runsInFull() ? 1 : stride * oneOfSoMany(GetParam());
        const auto first =
            1 + std::hash<std::string>()(GetParam().name() + describe(fault)) %
                    stride;
        for (fault.at = first;; fault.at += stride)
        {
            campaign.restart();
            FaultPosix posix(fault);
            const auto report = campaign.append(posix);
            std::string wrong = campaign.recover();
            if (wrong.empty())
                wrong = campaign.lie(report.status);
            if (wrong.empty())
                wrong = campaign.retry();
            ASSERT_EQ(wrong, "")
                << describe(fault) << "\nreported: "
                << (report.status ? "success" : report.status.message()) << "\n"
                << posix.trace();
            if (!posix.hit())
                break;
        }
        RecordProperty("calls", static_cast<int>(fault.at));
    }

    /// Nothing fails.
    void passEach(Fault fault, std::uint64_t stride = 1)
    {
        stride *= oneOfSoMany(GetParam());
        for (fault.at = 1;; fault.at += stride)
        {
            campaign.restart();
            FaultPosix posix(fault);
            posix.hang = std::chrono::milliseconds(2);
            const auto report = campaign.append(posix);
            ASSERT_TRUE(report.status) << report.status.message() << "\n"
                                       << posix.trace();
            ASSERT_EQ(campaign.state(), State::After)
                << campaign.describeState() << posix.trace();
            if (!posix.hit())
                break;
        }
    }
};

TEST_P(ProtocolFaults, anErrorIsReportedExactlyWhenTheAppendDidNotHappen)
{
    failEach({Fault::Kind::Once, 0, EIO, ""});
}

TEST_P(ProtocolFaults, anErrorOfRightsOrSpaceToo)
{
    failEach({Fault::Kind::Once, 0, EACCES, ""}, 17);
    failEach({Fault::Kind::Once, 0, ENOSPC, ""}, 17);
}

TEST_P(ProtocolFaults, anErrorThatStaysToo)
{
    failEach({Fault::Kind::FromThenOn, 0, EACCES, ""}, 17);
    failEach({Fault::Kind::FromThenOn, 0, EIO, ""}, 17);
}

TEST_P(ProtocolFaults, anErrorOfAWriteThatDidHalfToo)
{
    failEach({Fault::Kind::TornWrite, 0, EIO, "write"}, 3);
    failEach({Fault::Kind::TornWrite, 0, ENOSPC, "write"}, 3);
}

TEST_P(ProtocolFaults, anErrorThatOnlyCloseSeesToo)
{
    failEach({Fault::Kind::FromThenOn, 0, EIO, "close"}, 5);
    failEach({Fault::Kind::Once, 0, EDQUOT, "close"}, 5);
}

// One scenario of each step is enough.
class ProtocolFaultsOfSome : public ProtocolFaults
{
};

TEST_P(ProtocolFaultsOfSome, aFullDiskLeavesTheOldOrTheNewState)
{
    failEach({Fault::Kind::FromThenOn, 0, ENOSPC, ""});
}

TEST_P(ProtocolFaults, aShortWriteIsContinued)
{
    passEach({Fault::Kind::ShortWrite, 0, 0, "write"});
}

TEST_P(ProtocolFaults, aShortReadIsContinued)
{
    passEach({Fault::Kind::ShortRead, 0, 0, "read"});
}

TEST_P(ProtocolFaults, aCallThatTakesLongIsWaitedFor)
{
    // The other threads overtake it.
    passEach({Fault::Kind::Hang, 0, 0, ""}, GetParam().threads > 1 ? 7 : 61);
}

TEST_P(ProtocolFaultsOfSome, anotherWriterIsKeptOutWhileACallHangs)
{
    campaign.restart();
    FaultPosix posix;
    int locked = 0;
    bool holds = false;
    std::string wrong;
    posix.before = [&](const std::string &call)
    {
        // It is looked at right after it was taken.
        if (call.ends_with("/lock") && call.starts_with("fstat "))
            holds = true;
        if (call.ends_with("/lock") && call.starts_with("close "))
            holds = false;
        if (!holds || !wrong.empty())
            return;
        const auto before = readTree(campaign.parent());
        // The lock decides, whatever its text says to the other one.
        Fault wrongText{Fault::Kind::FlippedRead, 1, 0, "read", "/lock"};
        wrongText.bit = static_cast<std::uint64_t>(locked) * 31;
        FaultPosix rival(wrongText);
        const auto report = campaign.append(rival);
        if (report.status || report.status.kind() != Failure::Locked)
            wrong = "not locked: " + report.status.message();
        else
            wrong = difference(before, readTree(campaign.parent()));
        if (!wrong.empty())
            wrong += "\nbefore " + call;
        ++locked;
    };
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(wrong, "") << posix.trace();
    EXPECT_GT(locked, 50);
    EXPECT_EQ(campaign.state(), State::After);
}

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolFaults);
MDIMAPPEND_FOR_SCENARIOS(ProtocolFaultsOfSome, someScenarios());

}  // namespace
}  // namespace mdimappend
