// Faults at random: `./dev torture`. Rounds of tries, each round with a cube
// and a step drawn from its seed, each try with a fault of its own; and what a
// promise demands is asked after each.

#include "support/observer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <random>
#include <span>
#include <sys/resource.h>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using State = Campaign::State;
using Loss = DiskHistory::Loss;

constexpr int triesInARound = 30;
constexpr std::uint64_t roundsForOneThatIsKept = 8;

class Draw
{
  public:
    Draw(std::uint64_t seed, std::uint64_t number)
        : m_random(seed * 1000003 + number)
    {
    }

    /// From 0 to `end`, not included.
    std::uint64_t below(std::uint64_t end)
    {
        return end == 0 ? 0 : m_random() % end;
    }

    std::size_t between(std::size_t low, std::size_t high)
    {
        return low + static_cast<std::size_t>(below(high - low + 1));
    }

    bool heads()
    {
        return below(2) != 0;
    }

    template <class Value> Value oneOf(std::initializer_list<Value> values)
    {
        return values.begin()[below(values.size())];
    }

    template <class Value> const Value &oneOf(const std::vector<Value> &values)
    {
        return values.at(below(values.size()));
    }

  private:
    std::mt19937_64 m_random;
};

CubeKind drawKind(Draw &draw)
{
    CubeKind kind;
    kind.format = draw.oneOf({ZarrFormat::V2, ZarrFormat::V3});
    kind.consolidated = draw.heads();
    kind.sharded = kind.format == ZarrFormat::V3 && draw.heads();
    auto &shape = kind.shape;
    shape.height = draw.between(1, 4);
    shape.width = draw.between(1, 5);
    shape.chunkRows = draw.between(1, 4);
    shape.chunkHeight = draw.between(1, shape.height);
    shape.chunkWidth = draw.between(1, shape.width);
    shape.timeChunk = draw.between(1, 5);
    return kind;
}

Scenario drawScenario(Draw &draw)
{
    Scenario scenario;
    scenario.kind = drawKind(draw);
    scenario.step = draw.oneOf({Step::Create, Step::Aligned, Step::Merging,
                                Step::Replace, Step::Overwrite});
    scenario.batch = draw.heads();
    scenario.threads = draw.oneOf({1, 4});
    scenario.offersSyncfs = draw.heads();
    auto &slices = scenario.drawnSlices;
    slices.push_back(draw.between(1, 4));
    switch (scenario.step)
    {
    case Step::Create:
        scenario.drawnBefore = 0;
        break;
    case Step::Aligned:
        scenario.drawnBefore =
            scenario.kind.shape.chunkRows * draw.between(1, 2);
        break;
    case Step::Merging:
        scenario.drawnBefore = draw.between(1, 7);
        break;
    case Step::Replace:
        scenario.drawnBefore = draw.between(2, 6);
        slices[0] =
            *scenario.drawnBefore - scenario.anewFrom() + draw.between(0, 2);
        break;
    case Step::Overwrite:
        scenario.old = drawKind(draw);
        scenario.drawnBefore = draw.between(1, 6);
        break;
    }
    if (scenario.batch)
        slices.push_back(draw.between(1, 4));
    // Old and new must differ in their documents.
    if (scenario.overwrites() && scenario.rowsAfter() == *scenario.drawnBefore)
        ++slices.back();
    scenario.kind.inGroup = !scenario.overwrites() && draw.heads();
    scenario.kind.groups = draw.oneOf({0U, 0U, 2U, 3U});
    return scenario;
}

struct Counts
{
    std::map<std::string, int> tries;
    int rounds = 0;
    int points = 0;
    int kills = 0;
    int powerCuts = 0;
};

/// One round: a scenario, and the calls that its append makes.
class Round
{
  public:
    Round(const Scenario &scenario, std::uint64_t seed, Counts &counts)
        : m_seed(seed), m_counts(counts), m_campaign(scenario)
    {
        m_campaign.mayBePartly = true;
        // Other readers are slow: they get one round of some.
        m_campaign.keepsStates = seed % roundsForOneThatIsKept == 0;
        m_campaign.restart();
        FaultPosix whole;
        static_cast<void>(m_campaign.append(whole));
        m_calls = whole.calls();
        m_changes = whole.changes();
    }

    /// "" if the promises were kept.
    std::string attempt(std::uint64_t number)
    {
        using Way = std::pair<const char *, std::string (Round::*)(Draw &)>;
        static const std::vector<Way> ways = {
            {"error", &Round::error},
            {"error", &Round::error},
            {"error that stays", &Round::errorThatStays},
            {"short call", &Round::shortCall},
            {"hang", &Round::hang},
            {"flipped bit", &Round::flippedBit},
            {"kill", &Round::kill},
            {"kill", &Round::kill},
            {"kill without barriers", &Round::killOfUnsynced},
            {"kill of recovery", &Round::killOfRecovery},
            {"kill of recovery of recovery", &Round::killOfRecoveryTwice},
            {"power cut", &Round::powerCut},
            {"power cut of recovery", &Round::powerCutOfRecovery},
            {"observed append", &Round::observed},
            {"observed recovery", &Round::observedRecovery}};
        Draw draw(m_seed, number);
        const auto &[name, way] = draw.oneOf(ways);
        ++m_counts.tries[name];
        m_trace = name + std::string("\n");
        m_campaign.restart();
        return (this->*way)(draw);
    }

    const std::string &trace() const
    {
        return m_trace;
    }

  private:
    void note(const std::string &what, const FaultPosix &posix)
    {
        m_trace += what + "\n" + posix.trace();
        m_counts.points += posix.hit();
    }

    Report append(FaultPosix &posix)
    {
        auto report = m_campaign.append(posix);
        note("append: " + (report.status ? "success" : report.status.message()),
             posix);
        return report;
    }

    std::string settled(const Status *reported = nullptr)
    {
        auto wrong = m_campaign.recover();
        if (wrong.empty() && reported)
            wrong = m_campaign.lie(*reported);
        return wrong.empty() ? m_campaign.retry() : wrong;
    }

    std::string failing(const Fault &fault)
    {
        FaultPosix posix(fault);
        const auto report = append(posix);
        return settled(&report.status);
    }

    std::string error(Draw &draw)
    {
        Fault fault{Fault::Kind::Once, draw.between(1, m_calls),
                    draw.oneOf({EIO, EACCES, ENOSPC, EDQUOT, EROFS, EINTR})};
        if (draw.below(4) == 0)
            fault = {Fault::Kind::TornWrite, draw.between(1, m_calls / 8),
                     draw.oneOf({EIO, ENOSPC}), "write"};
        return failing(fault);
    }

    std::string errorThatStays(Draw &draw)
    {
        Fault fault{Fault::Kind::FromThenOn, draw.between(1, m_calls),
                    draw.oneOf({EIO, EACCES, ENOSPC, EDQUOT, EROFS})};
        if (draw.below(4) == 0)
        {
            fault.only = draw.oneOf<const char *>(
                {"close", "rename", "link", "unlink", "fsync", "write"});
            fault.at = draw.between(1, 10);
        }
        return failing(fault);
    }

    std::string shortCall(Draw &draw)
    {
        const bool reads = draw.heads();
        FaultPosix posix(
            {reads ? Fault::Kind::ShortRead : Fault::Kind::ShortWrite,
             draw.between(1, m_calls / 8), 0, reads ? "read" : "write"});
        return wrongUnlessIn(append(posix));
    }

    std::string hang(Draw &draw)
    {
        FaultPosix posix({Fault::Kind::Hang, draw.between(1, m_calls)});
        posix.hang = std::chrono::milliseconds(draw.between(1, 20));
        return wrongUnlessIn(append(posix));
    }

    std::string wrongUnlessIn(const Report &report)
    {
        if (!report.status)
            return "it failed: " + report.status.message();
        return m_campaign.state() == State::After ? settled(&report.status)
                                                  : m_campaign.describeState();
    }

    std::string flippedBit(Draw &draw)
    {
        Fault fault{Fault::Kind::FlippedRead, draw.between(1, m_calls / 8), 0,
                    "read"};
        fault.bit = draw.below(1 << 20);
        FaultPosix posix(fault);
        const auto report = append(posix);
        if (report.status && m_campaign.state() != State::After)
            return "success, but it is not in\n" + m_campaign.describeState();
        return m_campaign.recoverOrFreeze();
    }

    Fault drawKill(Draw &draw)
    {
        const auto kind =
            draw.oneOf({Fault::Kind::KillAfter, Fault::Kind::KillBefore,
                        Fault::Kind::KillTorn});
        return {kind, draw.oneOf(m_changes)};
    }

    void killed(Draw &draw, Durability durability = Durability::Full)
    {
        FaultPosix posix(drawKill(draw));
        static_cast<void>(m_campaign.append(posix, durability));
        note("append", posix);
        m_counts.kills += posix.hit();
        m_campaign.keepInterrupted();
    }

    std::string kill(Draw &draw)
    {
        killed(draw);
        return settled();
    }

    std::string killOfUnsynced(Draw &draw)
    {
        killed(draw, Durability::Process);
        return settled();
    }

    /// A recovery that is killed, at one of the first calls or a later one.
    void killRecovery(Draw &draw)
    {
        FaultPosix posix(
            {draw.oneOf({Fault::Kind::KillAfter, Fault::Kind::KillBefore,
                         Fault::Kind::KillTorn}),
             draw.between(1, draw.heads() ? 30 : 120)});
        m_campaign.prepare(posix);
        static_cast<void>(bool(recoverTarget(m_campaign.target(), posix)));
        note("recovery", posix);
        m_counts.kills += posix.hit();
        m_campaign.keepInterrupted();
    }

    std::string killOfRecovery(Draw &draw)
    {
        killed(draw);
        killRecovery(draw);
        return settled();
    }

    std::string killOfRecoveryTwice(Draw &draw)
    {
        killed(draw);
        killRecovery(draw);
        killRecovery(draw);
        return settled();
    }

    /// Cuts the power at a moment from `first` on.
    std::string cut(Draw &draw, const DiskHistory &history, std::size_t first,
                    bool mustBeInAtTheEnd)
    {
        const auto last = history.moments() - 1;
        for (int i = 0; i < 4; ++i)
        {
            const auto moment = i == 3 ? last : draw.between(first, last);
            const auto loss =
                draw.oneOf({Loss::All, Loss::ButLatest, Loss::Contents,
                            Loss::Torn, Loss::Random, Loss::Random});
            const auto seed = static_cast<unsigned>(draw.below(1 << 30));
            m_campaign.restart([&](const std::string &folder)
                               { history.cut(moment, loss, seed, folder); });
            ++m_counts.powerCuts;
            m_campaign.keepInterrupted(true);
            auto wrong = Observer(m_campaign).wrongAfterCut();
            if (wrong.empty())
                wrong = settled();
            if (wrong.empty() && mustBeInAtTheEnd && moment == last &&
                m_campaign.recovered() != State::After)
                wrong = "an acknowledged append was lost";
            if (!wrong.empty())
                return wrong + "\npower cut at moment " +
                       std::to_string(moment) + " of " +
                       std::to_string(history.moments()) + ", after " +
                       history.describe(moment) + "; loss " +
                       std::to_string(static_cast<int>(loss)) + ", seed " +
                       std::to_string(seed);
        }
        return "";
    }

    std::string powerCut(Draw &draw)
    {
        FaultPosix posix;
        posix.history = std::make_unique<DiskHistory>(m_campaign.parent());
        const auto report = append(posix);
        if (!report.status)
            return report.status.message();
        return cut(draw, *posix.history, 0, true);
    }

    std::string powerCutOfRecovery(Draw &draw)
    {
        FaultPosix posix(drawKill(draw));
        posix.history = std::make_unique<DiskHistory>(m_campaign.parent());
        static_cast<void>(m_campaign.append(posix));
        note("append", posix);
        m_counts.kills += posix.hit();
        const auto crash = posix.history->moments() - 1;
        FaultPosix recovery;
        m_campaign.prepare(recovery);
        recovery.history = std::move(posix.history);
        const auto recovered = recoverTarget(m_campaign.target(), recovery);
        note("recovery", recovery);
        if (!recovered)
            return recovered.message();
        return cut(draw, *recovery.history, crash, false);
    }

    std::string observed(Draw &)
    {
        Observer observer(m_campaign);
        FaultPosix posix;
        observer.watch(posix);
        const auto report = append(posix);
        return observer.wrong().empty() ? wrongUnlessIn(report)
                                        : observer.wrong();
    }

    std::string observedRecovery(Draw &draw)
    {
        killed(draw);
        Observer observer(m_campaign);
        FaultPosix recovery;
        m_campaign.prepare(recovery);
        observer.watch(recovery);
        const auto recovered = recoverTarget(m_campaign.target(), recovery);
        note("recovery", recovery);
        if (!recovered)
            return recovered.message();
        return observer.wrong().empty() ? settled() : observer.wrong();
    }

    std::uint64_t m_seed;
    Counts &m_counts;
    Campaign m_campaign;
    std::uint64_t m_calls = 0;
    std::vector<std::uint64_t> m_changes;
    std::string m_trace;
};

bool anExpectationFailed()
{
    return testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed();
}

/// What a process that crashes leaves behind: how to do it again.
std::uint64_t seedUnderWay = 0;

void sayWhichSeed(int signal)
{
    char text[100];
    const int size = snprintf(
        text, sizeof text,
        "\nFAILED: signal %d\nagain with: ./dev torture --replay %llu\n",
        signal, static_cast<unsigned long long>(seedUnderWay));
    [[maybe_unused]] const auto written =
        write(STDOUT_FILENO, text, static_cast<std::size_t>(size));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

/// An append of a few bytes that wants the whole memory has gone wrong, too.
void limitMemory()
{
    constexpr rlim_t enough = 4ULL << 30;
    const rlimit limit{enough, enough};
    setrlimit(RLIMIT_AS, &limit);
}

/// False if a promise was broken, with how.
bool runRound(std::uint64_t seed, Counts &counts)
{
    seedUnderWay = seed;
    Draw draw(seed, 0);
    const auto scenario = drawScenario(draw);
    const auto name = scenario.name();
    Round round(scenario, seed, counts);
    ++counts.rounds;
    for (int number = 1; number <= triesInARound; ++number)
    {
        auto wrong = round.attempt(number);
        if (wrong.empty() && anExpectationFailed())
            wrong = "an expectation failed (above)";
        if (wrong.empty())
            continue;
        std::cout << wrong << "\n"
                  << round.trace() << "\nFAILED: " << name << ", seed " << seed
                  << ", try " << number
                  << "\nagain with: ./dev torture --replay " << seed
                  << (scenario.threads > 1 ? " (threads: perhaps not each time)"
                                           : "")
                  << std::endl;
        return false;
    }
    return !anExpectationFailed();
}

void print(const Counts &counts, double seconds)
{
    int tries = 0;
    for (const auto &[name, count] : counts.tries)
    {
        std::cout << "  " << count << " " << name << "\n";
        tries += count;
    }
    std::cout << counts.rounds << " scenarios, " << tries << " tries in "
              << static_cast<int>(seconds) << " s: " << counts.points
              << " points injected, " << counts.kills << " kills survived, "
              << counts.powerCuts << " power cuts survived" << std::endl;
}

/// For comparison with the calls that the system sees: makes the state before a
/// step in an empty folder, or takes the step and prints the calls. `what` is
/// STEP:FOLDER.
int takeStep(const std::string &what, bool prepares)
{
    Scenario scenario;
    const auto colon = what.find(':');
    for (const auto step : {Step::Create, Step::Aligned, Step::Merging,
                            Step::Replace, Step::Overwrite})
    {
        if (what.substr(0, colon) == name(step))
            scenario.step = step;
    }
    const auto target = what.substr(colon + 1) + "/cube.zarr";
    if (prepares)
    {
        scenario.prepare(target);
        return anExpectationFailed();
    }
    FaultPosix posix;
    posix.reallySyncs = true;
    const auto report = scenario.append(target, posix);
    std::cout << posix.trace();
    std::cerr << report.status.message();
    return report.status ? 0 : 1;
}

int run(std::span<char *> arguments)
{
    using Clock = std::chrono::steady_clock;
    const auto started = Clock::now();
    const auto elapsed = [&]
    { return std::chrono::duration<double>(Clock::now() - started).count(); };
    double minutes = 1;
    std::uint64_t seed = std::random_device{}() % 1000000;
    bool replays = false;
    for (std::size_t i = 1; i + 1 < arguments.size(); i += 2)
    {
        const std::string option = arguments[i];
        const std::string value = arguments[i + 1];
        if (option == "--prepare" || option == "--trace")
            return takeStep(value, option == "--prepare");
        if (option == "--minutes")
            minutes = std::stod(value);
        else if (option == "--seed" || option == "--replay")
            seed = std::stoull(value);
        else
            return std::cerr << "what is " << option << "?\n", 2;
        replays = replays || option == "--replay";
    }
    limitMemory();
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE})
        std::signal(signal, sayWhichSeed);
    QuietGdal quiet;
    Counts counts;
    std::cout << "from seed " << seed << std::endl;
    bool kept = true;
    do
        kept = runRound(seed++, counts);
    while (kept && !replays && elapsed() < 60 * minutes);
    print(counts, elapsed());
    return kept ? 0 : 1;
}

}  // namespace
}  // namespace mdimappend

int main(int count, char **arguments)
{
    testing::InitGoogleTest(&count, arguments);
    return mdimappend::run({arguments, static_cast<std::size_t>(count)});
}
