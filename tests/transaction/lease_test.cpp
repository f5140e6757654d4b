// Promises T1 to T3 under `--lock lease`: a writer is stopped at each of its
// system calls, another one takes over, and then the first goes on, in the
// belief that nothing has happened. It may do no harm, whatever it was about to
// do.

#include "support/cube.h"
#include "support/fault_posix.h"
#include "support/scenarios.h"
#include "support/tree.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <ostream>
#include <sys/wait.h>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

struct LeasedStep
{
    CubeKind kind;
    const char *name;
    std::size_t rowsBefore;
    std::size_t first;
    std::vector<std::size_t> slices;
    bool anew = false;

    friend void PrintTo(const LeasedStep &step, std::ostream *stream)
    {
        *stream << step.name;
    }

    std::size_t rowsAfter() const
    {
        std::size_t rows = first;
        for (const auto count : slices)
            rows += count;
        return rows;
    }

    std::size_t anewFrom() const
    {
        return anew ? first : none;
    }
};

constexpr CubeKind v2{ZarrFormat::V2, false};
constexpr CubeKind v3{ZarrFormat::V3, true};

const LeasedStep leasedSteps[] = {
    {v3, "V3Create", 0, 0, {3}},          {v2, "V2Create", 0, 0, {3, 2}},
    {v2, "V2Aligned", 2, 2, {2}},         {v3, "V3Merging", 3, 3, {2}},
    {v2, "V2MergingBatch", 3, 3, {2, 2}}, {v3, "V3Replace", 3, 1, {3}, true}};

/// For a writer that is to take over at once: each time that it asks whether to
/// go on, as it does while it waits, hours have passed; but never so many that
/// its own lease of a day is over.
template <class Options> void hasten(Options &options)
{
    auto now = std::make_shared<Seconds>(0);
    options.clock = [now] { return *now; };
    options.cancelled = [now]
    {
        *now = std::min<Seconds>(*now + std::chrono::hours(2),
                                 std::chrono::hours(20));
        return false;
    };
}

class ProtocolLease : public testing::TestWithParam<LeasedStep>
{
  protected:
    ProtocolLease()
    {
        const auto &step = GetParam();
        if (step.rowsBefore > 0)
            expectIn(append(m_origin / "cube.zarr", 0, {step.rowsBefore},
                            LockMode::Auto));
        restart();
        expectIn(appendStep(LockMode::Lease));
        m_afterStep = store();
        expectIn(appendNext(LockMode::Lease));
        m_afterNext = store();
    }

    static Report append(const std::string &target, std::size_t first,
                         std::vector<std::size_t> counts, LockMode lock,
                         Posix &posix = Posix::system(), bool anew = false)
    {
        const auto lease = [&](AppendOptions &options, Surroundings &around)
        {
            options.lock = lock;
            options.lockTimeout = Seconds(10);
            // One that is going to be stopped goes by the system's clock.
            options.lease = std::chrono::hours(1);
            if (&posix == &Posix::system())
            {
                hasten(around);
                options.lease = std::chrono::hours(24);
            }
        };
        return appendRows(GetParam().kind, target, first, std::move(counts),
                          posix, Durability::Process, false, anew, 1, lease);
    }

    Report appendStep(LockMode lock, Posix &posix = Posix::system()) const
    {
        return append(m_target, GetParam().first, GetParam().slices, lock,
                      posix, GetParam().anew);
    }

    Report appendNext(LockMode lock) const
    {
        return append(m_target, GetParam().rowsAfter(), {3}, lock);
    }

    static Status recoverTarget(const std::string &target, LockMode lock,
                                Posix &posix = Posix::system())
    {
        WriterRequest request;
        request.target = target;
        request.lock = lock;
        request.lockTimeout = Seconds(10);
        request.lease = std::chrono::hours(1);
        hasten(request);
        request.posix = &posix;
        auto writer = openForWriting(request);
        if (!writer)
            return writer.takeStatus();
        return recover(*writer->storage, writer->site, *writer->lock)
            .takeStatus();
    }

    static void expectIn(const Report &report)
    {
        EXPECT_TRUE(report.status) << report.status.message();
    }

    void restart(const std::string &from = "")
    {
        m_work.clear();
        const auto folder = m_work / std::to_string(++m_try);
        linkTree(from.empty() ? m_origin.path() : from, folder);
        m_target = folder + "/cube.zarr";
    }

    Tree store() const
    {
        return readTree(std::filesystem::path(m_target).parent_path().string(),
                        ".mdimappend");
    }

    /// A process that stops itself before its n-th system call, and ends with 0
    /// if what it did succeeded. Nothing if it ended before.
    template <class Act>
    std::optional<pid_t> stoppedAt(std::uint64_t n, Act act) const
    {
        const pid_t child = fork();
        if (child == 0)
        {
            FaultPosix posix;
            std::uint64_t calls = 0;
            posix.before = [&](const std::string &)
            {
                if (++calls == n)
                    raise(SIGSTOP);
            };
            _exit(act(posix) ? 0 : 1);
        }
        int status = 0;
        waitpid(child, &status, WUNTRACED);
        if (WIFSTOPPED(status))
            return child;
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
            << "undisturbed, it failed";
        return std::nullopt;
    }

    /// Lets it go on to its end; whether it says that it succeeded.
    static bool goOn(pid_t child)
    {
        kill(child, SIGCONT);
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_TRUE(WIFEXITED(status)) << "it crashed";
        return WEXITSTATUS(status) == 0;
    }

    /// "" if the store is `expected`, its cube and its log are right, and the
    /// next writer goes on with it, leaving nothing over.
    std::string wrong(const Tree &expected, std::size_t rows,
                      LockMode lock) const
    {
        if (const auto found = store(); found != expected)
            return "the store differs:\n" + difference(expected, found);
        if (const auto recovered = recoverTarget(m_target, lock); !recovered)
            return "recovery: " + recovered.message();
        if (const auto found = store(); found != expected)
            return "recovery changed the store:\n" +
                   difference(expected, found);
        const auto next = append(m_target, rows, {2}, lock);
        if (!next.status)
            return "the next append: " + next.status.message();
        auto wrong = wrongInCube(m_target, rows + 2, 0, GetParam().anewFrom());
        // Rows that are anew end where the step did.
        if (GetParam().anew)
            wrong.clear();
        if (wrong.empty())
            wrong = wrongInLog(m_target, rows + 2);
        for (const char *kind : {"journal", "stage"})
        {
            const auto left = m_target + ".mdimappend/" + kind;
            std::error_code ignored;
            if (std::filesystem::exists(left) &&
                !std::filesystem::is_empty(left, ignored))
                wrong += std::string("something is left in the ") + kind;
        }
        return wrong;
    }

    /// Each call in the full campaign, every few otherwise.
    static std::uint64_t stride(std::uint64_t usual)
    {
        return runsInFull() ? 1 : usual;
    }

    /// Where to begin, so that the steps do not all have the same sample.
    static std::uint64_t firstCall(std::uint64_t usual)
    {
        const std::string name = GetParam().name;
        const auto step = std::find_if(
            std::begin(leasedSteps), std::end(leasedSteps),
            [&](const auto &leased) { return leased.name == name; });
        return 1 +
               static_cast<std::uint64_t>(step - leasedSteps) % stride(usual);
    }

    QuietGdal quiet;
    ScratchFolder m_origin;
    ScratchFolder m_work;
    std::string m_target;
    int m_try = 0;
    Tree m_afterStep;
    Tree m_afterNext;
};

TEST_P(ProtocolLease, aWriterThatWakesUpAfterATakeOverDoesNoHarm)
{
    int succeeded = 0;
    std::uint64_t n = firstCall(9);
    for (;; n += stride(9))
    {
        restart();
        const auto sleeper =
            stoppedAt(n, [&](FaultPosix &posix)
                      { return appendStep(LockMode::Lease, posix).status; });
        if (!sleeper)
            break;
        // The same slices, and more.
        const auto lock = n % 3 == 0 ? LockMode::Auto : LockMode::Lease;
        const auto same = appendStep(lock);
        const auto more = appendNext(lock);
        const bool itSays = goOn(*sleeper);
        succeeded += itSays;
        ASSERT_TRUE(same.status) << "at call " << n << same.status.message();
        ASSERT_TRUE(more.status) << "at call " << n << more.status.message();
        ASSERT_EQ(wrong(m_afterNext, GetParam().rowsAfter() + 3, lock), "")
            << "stopped at call " << n;
    }
    EXPECT_GT(succeeded, 0) << "some had decided before";
    EXPECT_GT(n, 100U);
}

TEST_P(ProtocolLease, aWriterThatWakesUpAfterARecoveryDoesNoHarm)
{
    const auto before = readTree(m_origin.path(), ".mdimappend");
    for (std::uint64_t n = firstCall(9);; n += stride(9))
    {
        restart();
        const auto sleeper =
            stoppedAt(n, [&](FaultPosix &posix)
                      { return appendStep(LockMode::Lease, posix).status; });
        if (!sleeper)
            break;
        const auto recovered = recoverTarget(m_target, LockMode::Lease);
        const auto found = store();
        const bool itSays = goOn(*sleeper);
        ASSERT_TRUE(recovered) << "at call " << n << recovered.message();
        ASSERT_TRUE(found == before || found == m_afterStep)
            << "at call " << n << "\n"
            << difference(before, found);
        // One that had not begun may do all of it afterwards.
        const auto &expected = itSays ? m_afterStep : found;
        ASSERT_EQ(difference(expected, store()), "") << "stopped at call " << n;
        ASSERT_TRUE(recoverTarget(m_target, LockMode::Lease));
        ASSERT_EQ(difference(expected, store()), "") << "stopped at call " << n;
    }
}

TEST_P(ProtocolLease, aRecoveryThatWakesUpAfterATakeOverDoesNoHarm)
{
    restart();
    FaultPosix whole;
    ASSERT_TRUE(appendStep(LockMode::Lease, whole).status);
    ScratchFolder killed;
    const auto changes = whole.changes();
    for (std::size_t i = 2; i < changes.size(); i += stride(9))
    {
        restart();
        FaultPosix posix({Fault::Kind::KillAfter, changes[i], EIO, ""});
        static_cast<void>(appendStep(LockMode::Lease, posix));
        ASSERT_TRUE(posix.hit());
        killed.clear();
        linkTree(std::filesystem::path(m_target).parent_path().string(),
                 killed / "left");
        // Other calls for each kill.
        for (std::uint64_t n = 1 + i % stride(10);; n += stride(10))
        {
            restart(killed / "left");
            const auto sleeper = stoppedAt(
                n, [&](FaultPosix &calls)
                { return recoverTarget(m_target, LockMode::Lease, calls); });
            if (!sleeper)
                break;
            const auto lock = n % 3 == 0 ? LockMode::Auto : LockMode::Lease;
            const auto same = appendStep(lock);
            const auto more = appendNext(lock);
            goOn(*sleeper);
            ASSERT_TRUE(same.status) << same.status.message();
            ASSERT_TRUE(more.status) << more.status.message();
            ASSERT_EQ(wrong(m_afterNext, GetParam().rowsAfter() + 3, lock), "")
                << "an append killed at call " << changes[i]
                << ", its recovery stopped at call " << n;
        }
    }
}

TEST_P(ProtocolLease, aKilledWriterIsRecoveredByEitherKindOfLock)
{
    restart();
    FaultPosix whole;
    ASSERT_TRUE(appendStep(LockMode::Lease, whole).status);
    std::size_t i = 0;
    for (const auto n : whole.changes())
    {
        restart();
        FaultPosix posix({Fault::Kind::KillAfter, n, EIO, ""});
        static_cast<void>(appendStep(LockMode::Lease, posix));
        ASSERT_TRUE(posix.hit());
        const auto lock = ++i % 2 == 0 ? LockMode::Auto : LockMode::Lease;
        const auto same = appendStep(lock);
        ASSERT_TRUE(same.status) << same.status.message();
        ASSERT_EQ(wrong(m_afterStep, GetParam().rowsAfter(), lock), "")
            << "killed at call " << n << "\n"
            << posix.trace();
    }
}

TEST_P(ProtocolLease, nothingIsInTheStoreBeforeTheDecision)
{
    restart();
    const auto before = store();
    FaultPosix posix;
    bool decided = false;
    posix.before = [&](const std::string &call)
    {
        EXPECT_EQ(decided ? "" : difference(before, store()), "") << call;
        decided = decided ||
                  (call.starts_with("link ") && call.ends_with("/decision"));
    };
    ASSERT_TRUE(appendStep(LockMode::Lease, posix).status);
    EXPECT_TRUE(decided);
}

INSTANTIATE_TEST_SUITE_P(Of, ProtocolLease, testing::ValuesIn(leasedSteps),
                         [](const auto &step) { return step.param.name; });

}  // namespace
}  // namespace mdimappend
