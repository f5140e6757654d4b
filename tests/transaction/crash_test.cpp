// Promises T1 and T3 when the process is killed at any system call of an
// append, and when the recovery that follows is killed too.

#include "support/campaign.h"

#include <sys/wait.h>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

class ProtocolCrash : public EveryScenario
{
  protected:
    using State = Campaign::State;

    /// Kills at every call that changes something (after any other the disk
    /// is as it was after the call before). The outcome turns from old to new
    /// once, and never back.
    void killAtEach(Fault::Kind kind, const std::string &only = "")
    {
        campaign.restart();
        FaultPosix whole({Fault::Kind::None, 0, 0, only});
        ASSERT_TRUE(campaign.append(whole).status);
        State furthest = State::Before;
        const auto part = oneOfSoMany(GetParam());
        for (auto i = (whole.changes().size() - 1) % part;
             i < whole.changes().size(); i += part)
        {
            const auto n = whole.changes()[i];
            campaign.restart();
            FaultPosix posix({kind, n, EIO, only});
            const auto report = campaign.append(posix);
            // Threads make a few calls more or less from run to run.
            ASSERT_TRUE(posix.hit() ||
                        (GetParam().threads > 1 && report.status))
                << report.status.message();
            campaign.keepInterrupted();
            std::string wrong = campaign.recover();
            const auto outcome = campaign.recovered();
            if (wrong.empty() && GetParam().threads == 1 &&
                rank(outcome) < rank(furthest))
                wrong = "it was decided one call earlier, and is undone now";
            furthest = outcome;
            if (wrong.empty())
                wrong = campaign.retry();
            ASSERT_EQ(wrong, "") << "killed at call " << n << "\n"
                                 << posix.trace();
        }
        EXPECT_EQ(furthest, State::After);
    }

    static int rank(State state)
    {
        return state == State::Before ? 0 : state == State::Partly ? 1 : 2;
    }
};

TEST_P(ProtocolCrash, aKillAfterAnyCallLeavesTheOldOrTheNewState)
{
    killAtEach(Fault::Kind::KillAfter);
}

TEST_P(ProtocolCrash, aKillInTheMiddleOfAnyWriteLeavesTheOldOrTheNewState)
{
    killAtEach(Fault::Kind::KillTorn, "write");
}

TEST_P(ProtocolCrash, aRealEndOfTheProcessIsRecovered)
{
    const auto stride = (runsInFull() ? 1 : 11) * oneOfSoMany(GetParam());
    for (std::uint64_t n = 1;; n += stride)
    {
        campaign.restart();
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0)
        {
            FaultPosix posix({Fault::Kind::Exit, n, 0, ""});
            const auto report = campaign.append(posix);
            _exit(report.status ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFEXITED(status));
        if (WEXITSTATUS(status) != Fault::exitCode)
        {
            EXPECT_EQ(WEXITSTATUS(status), 0);
            break;
        }
        std::string wrong = campaign.recover();
        if (wrong.empty())
            wrong = campaign.retry();
        ASSERT_EQ(wrong, "") << "_exit at call " << n;
    }
}

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolCrash);

class ProtocolCrashOfRecovery : public EveryScenario
{
  protected:
    using State = Campaign::State;
};

TEST_P(ProtocolCrashOfRecovery,
       aRecoveryThatIsKilledAnywhereIsContinuedByTheNext)
{
    // The steps that do most are tried in full, the others by samples.
    const bool inFull = runsInFull(GetParam());
    const auto part = oneOfSoMany(GetParam());
    campaign.restart();
    FaultPosix whole;
    ASSERT_TRUE(campaign.append(whole).status);
    ScratchFolder crashed;
    for (std::size_t i = 0; i < whole.changes().size();
         i += inFull ? 1 : 9 * part)
    {
        const auto n = whole.changes()[i];
        campaign.restart();
        FaultPosix posix({Fault::Kind::KillAfter, n, EIO, ""});
        static_cast<void>(campaign.append(posix));
        crashed.clear();
        linkTree(campaign.parent(), crashed / "left");
        const auto again = [&](const std::string &folder)
        { linkTree(crashed / "left", folder); };
        campaign.restart(again);
        FaultPosix undisturbed;
        campaign.prepare(undisturbed);
        ASSERT_TRUE(recoverTarget(campaign.target(), undisturbed));
        const auto outcome = campaign.state();
        for (std::size_t k = i % part; k < undisturbed.changes().size();
             k += part)
        {
            const auto m = undisturbed.changes()[k];
            for (const auto kind :
                 {Fault::Kind::KillAfter, Fault::Kind::KillTorn})
            {
                campaign.restart(again);
                FaultPosix second({kind, m, EIO, ""});
                campaign.prepare(second);
                static_cast<void>(
                    bool(recoverTarget(campaign.target(), second)));
                std::string wrong = campaign.recover();
                if (wrong.empty() && campaign.recovered() != outcome)
                    wrong = "a killed recovery changed the outcome";
                ASSERT_EQ(wrong, "")
                    << "append killed at call " << n << "\n"
                    << posix.trace() << "recovery killed at call " << m << "\n"
                    << second.trace();
            }
        }
    }
}

MDIMAPPEND_FOR_SCENARIOS(ProtocolCrashOfRecovery, nestedScenarios());

}  // namespace
}  // namespace mdimappend
