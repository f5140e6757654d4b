// Promises T1, T3 and T4 under errors: the n-th system call of one append
// fails, for n = 1, 2, ... until none is hit.

#include "support/campaign.h"

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

class ProtocolFaults : public EveryScenario
{
  protected:
    using State = Campaign::State;

    /// What a report says of the state of the target, compared with what it
    /// is after recovery.
    static std::string lie(const Status &status, State found)
    {
        if (status)
            return found == State::After ? "" : "success, but nothing is in";
        const auto &message = status.message();
        const auto says = [&](const char *text)
        { return message.find(text) != std::string::npos; };
        if (status.kind() == Failure::Unknown)
            return "";
        if (says("The append is decided"))
            return found == State::After ? "" : "'decided', but nothing is in";
        return found != State::After ? "" : "an error, but it is in";
    }

    void failEach(Fault fault)
    {
        // The first slice of a batch is not lost with the second.
        campaign.mayBePartly = true;
        for (fault.at = 1;; ++fault.at)
        {
            campaign.restart();
            FaultPosix posix(fault);
            const auto report = campaign.append(posix);
            std::string wrong = campaign.recover();
            if (wrong.empty())
                wrong = lie(report.status, campaign.recovered());
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
};

TEST_P(ProtocolFaults, anErrorIsReportedExactlyWhenTheAppendDidNotHappen)
{
    failEach({Fault::Kind::Once, 0, EIO, ""});
}

class ProtocolFullDisk : public ProtocolFaults
{
};

TEST_P(ProtocolFullDisk, leavesTheOldOrTheNewState)
{
    failEach({Fault::Kind::FromThenOn, 0, ENOSPC, ""});
}

TEST_P(ProtocolFaults, aShortWriteIsContinued)
{
    Fault fault{Fault::Kind::ShortWrite, 0, 0, "write"};
    for (fault.at = 1;; ++fault.at)
    {
        campaign.restart();
        FaultPosix posix(fault);
        const auto report = campaign.append(posix);
        ASSERT_TRUE(report.status) << report.status.message() << "\n"
                                   << posix.trace();
        ASSERT_EQ(campaign.state(), State::After)
            << campaign.describeState() << posix.trace();
        if (!posix.hit())
            break;
    }
}

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolFaults);
// What this adds is that the undo fails too; one kind of each format is enough.
INSTANTIATE_TEST_SUITE_P(Of, ProtocolFullDisk,
                         testing::ValuesIn(someScenarios()),
                         [](const auto &scenario)
                         { return scenario.param.name(); });

}  // namespace
}  // namespace mdimappend
