// Each try begins with a fresh copy of the scenario, and ends with the
// questions.

#include "support/campaign.h"

#include "storage/checksum.h"
#include "support/state_collection.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <algorithm>
#include <filesystem>

namespace mdimappend::protocol_testing
{

namespace fs = std::filesystem;

Campaign::Campaign(const Scenario &scenario)
    : mayBePartly(scenario.commits() > 1), m_scenario(scenario)
{
    const auto origin = m_origin / "cube.zarr";
    m_scenario.prepare(origin);
    m_originally = readTree(m_origin.path());
    m_before = readTree(m_origin.path(), ".mdimappend");
    restart();
    FaultPosix counted;
    const auto report = append(counted);
    EXPECT_TRUE(report.status) << report.status.message();
    m_after = store();
    const auto held = m_scenario.held(Scenario::Moment::After);
    for (const auto &each : held)
        EXPECT_EQ(each.wrong(m_target), "") << each.kind.group();
    EXPECT_EQ(wrongInLog(m_target, held), "");
    if (m_scenario.kind.inGroup)
    {
        auto other = m_scenario.kind;
        other.inGroup = false;
        other.groups = 0;
        EXPECT_EQ(wrongInCube(m_target, 1, 0, none, other), "");
    }
    if (m_scenario.slices().size() < 2)
        return;
    restart();
    EXPECT_TRUE(m_scenario.appendFirst(m_target, counted).status);
    m_partly = store();
}

Campaign::~Campaign()
{
    EXPECT_EQ(difference(m_originally, readTree(m_origin.path())), "")
        << "something was rewritten in place";
    testing::Test::RecordProperty("tries", m_try);
}

void Campaign::restart()
{
    restart([this](const std::string &folder)
            { linkTree(m_origin.path(), folder); });
}

void Campaign::restart(const std::function<void(const std::string &)> &make)
{
    m_work.clear();
    // Another path each time: GDAL remembers what it has seen at one.
    const auto folder = m_work / std::to_string(++m_try);
    make(folder);
    m_target = folder + "/cube.zarr";
}

std::string Campaign::parent() const
{
    return fs::path(m_target).parent_path().string();
}

Tree Campaign::store() const
{
    return readTree(parent(), ".mdimappend");
}

Campaign::State Campaign::state() const
{
    const auto found = store();
    return found == m_before                  ? State::Before
           : found == m_after                 ? State::After
           : mayBePartly && found == m_partly ? State::Partly
                                              : State::Neither;
}

std::vector<const Tree *> Campaign::committed() const
{
    if (m_scenario.commits() > 1)
        return {&m_before, &m_partly, &m_after};
    return {&m_before, &m_after};
}

std::string Campaign::describeState() const
{
    const auto found = store();
    return "compared with the state before:\n" + difference(m_before, found) +
           "compared with the state after:\n" + difference(m_after, found);
}

void Campaign::prepare(FaultPosix &posix) const
{
    posix.offersSyncfs = m_scenario.offersSyncfs;
    posix.copiesAreTheSame = copiesAreTheSame;
}

Report Campaign::append(FaultPosix &posix, Durability durability)
{
    prepare(posix);
    return m_scenario.append(m_target, posix, durability);
}

std::string Campaign::recover()
{
    return recover(true);
}

std::string Campaign::recover(bool checksLog)
{
    FaultPosix clean;
    prepare(clean);
    m_recovered = State::Neither;
    if (const auto recovered = recoverTarget(m_target, clean); !recovered)
        return "recovery failed: " + recovered.message() + "\n" +
               describeState();
    const auto found = m_recovered = state();
    if (found == State::Neither)
        return "recovery left a state that is neither old nor new\n" +
               describeState();
    if (keepsStates)
        keepState(*this, Left::Settled);
    if (!checksLog)
        return "";
    using Moment = Scenario::Moment;
    const auto moment = found == State::Before  ? Moment::Before
                        : found == State::After ? Moment::After
                                                : Moment::Partly;
    const auto wrong = wrongInLog(m_target, m_scenario.held(moment));
    return wrong.empty() ? "" : "the log after recovery: " + wrong;
}

std::string Campaign::lie(const Status &reported) const
{
    const bool isIn = m_recovered == State::After;
    if (reported)
        return isIn ? "" : "success, but nothing is in";
    if (reported.kind() == Failure::Unknown)
        return "";
    if (reported.message().find("The append is decided") != std::string::npos)
        // The first of two commits, perhaps.
        return isIn || (m_scenario.commits() > 1 &&
                        m_recovered == State::Partly)
                   ? ""
                   : "'decided', but nothing is in";
    return isIn ? "an error, but it is in" : "";
}

void Campaign::keepInterrupted(bool byPowerCut) const
{
    if (keepsStates)
        keepState(*this, byPowerCut ? Left::PowerCut : Left::Killed);
}

std::string Campaign::recoverOrFreeze(bool logIsDamaged)
{
    FaultPosix clean;
    prepare(clean);
    const auto recovered = recoverTarget(m_target, clean);
    m_frozen = !recovered;
    if (recovered)
        return recover(!logIsDamaged);
    if (recovered.kind() != Failure::Conflict)
        return "recovery reported no conflict, but: " + recovered.message();
    const auto wrong = wrongWhileFrozen();
    return wrong.empty() ? "" : wrong + "\nfrozen: " + recovered.message();
}

std::string Campaign::wrongWhileFrozen()
{
    if (const auto lost = wrongIfLost(); !lost.empty())
        return lost;
    const auto found = store();
    FaultPosix clean;
    const auto report = append(clean);
    if (report.status || report.status.kind() != Failure::Conflict)
        return "the next append reported no conflict, but: " +
               report.status.message();
    if (store() != found)
        return "the next append changed something:\n" +
               difference(found, store());
    WriterRequest request;
    request.target = m_target;
    const auto writer = openForWriting(request);
    if (!writer)
        return writer.status().message();
    if (const auto moved = setAside(*writer->storage, writer->site); !moved)
        return "setting aside failed: " + moved.status().message();
    if (store() != found)
        return "setting aside changed something:\n" +
               difference(found, store());
    return "";
}

std::string Campaign::wrongIfLost() const
{
    const auto found = store();
    const auto states = committed();
    std::string wrong;
    for (const auto *state : states)
    {
        wrong.clear();
        for (const auto &[name, entry] : *state)
        {
            const auto present = found.find(name);
            const bool known =
                present != found.end() &&
                std::any_of(states.begin(), states.end(),
                            [&, &key = name](const Tree *other)
                            {
                                const auto there = other->find(key);
                                return there != other->end() &&
                                       there->second.content ==
                                           present->second.content;
                            });
            if (!known && !entry.folder)
                wrong += "lost: " + name + "\n";
        }
        if (wrong.empty())
            return "";
    }
    return wrong;
}

std::string Campaign::retry()
{
    std::string start;
    for (const auto &[name, entry] : readTree(parent()))
    {
        // Who held the lock, and when something was logged, has no effect.
        const bool varies = name.ends_with("/lock") ||
                            name.find(".mdimappend/log/0") != std::string::npos;
        start += name + "\n" + (varies ? "" : sha256(entry.content)) + "\n";
    }
    if (m_retried.count(start))
        return "";
    FaultPosix clean;
    const auto report = append(clean);
    if (!report.status)
        return "the retry failed: " + report.status.message();
    if (state() != State::After)
        return "the retry left another state\n" + describeState();
    if (const auto wrong =
            wrongInLog(m_target, m_scenario.held(Scenario::Moment::After));
        !wrong.empty())
        return "the log after the retry: " + wrong;
    for (const char *kind : {"journal", "stage", "overwrite"})
    {
        const auto left = m_target + ".mdimappend/" + kind;
        std::error_code ignored;
        if (fs::exists(left) && !fs::is_empty(left, ignored))
            return std::string("something is left in the ") + kind;
    }
    m_retried.insert(start);
    return "";
}

}  // namespace mdimappend::protocol_testing
