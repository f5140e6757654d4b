#include "support/campaign.h"

#include "storage/checksum.h"

#include <filesystem>

namespace mdimappend::protocol_testing
{

namespace fs = std::filesystem;

Campaign::Campaign(const Scenario &scenario) : m_scenario(scenario)
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
    EXPECT_EQ(wrongInCube(m_target, m_scenario.rowsAfter(),
                          m_scenario.firstRowAfter(), m_scenario.anewFrom()),
              "");
    EXPECT_EQ(wrongInLog(m_target, m_scenario.rowsAfter()), "");
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

std::string Campaign::describeState() const
{
    const auto found = store();
    return "compared with the state before:\n" + difference(m_before, found) +
           "compared with the state after:\n" + difference(m_after, found);
}

Report Campaign::append(FaultPosix &posix, Durability durability)
{
    posix.offersSyncfs = offersSyncfs;
    posix.copiesAreTheSame = copiesAreTheSame;
    return m_scenario.append(m_target, posix, durability);
}

std::string Campaign::recover()
{
    FaultPosix clean;
    clean.offersSyncfs = offersSyncfs;
    clean.copiesAreTheSame = copiesAreTheSame;
    m_recovered = State::Neither;
    if (const auto recovered = recoverTarget(m_target, clean); !recovered)
        return "recovery failed: " + recovered.message() + "\n" +
               describeState();
    const auto found = m_recovered = state();
    if (found == State::Neither)
        return "recovery left a state that is neither old nor new\n" +
               describeState();
    const auto rows = found == State::Before  ? m_scenario.rowsBefore()
                      : found == State::After ? m_scenario.rowsAfter()
                                              : m_scenario.rowsPartly();
    const auto wrong = wrongInLog(m_target, rows);
    return wrong.empty() ? "" : "the log after recovery: " + wrong;
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
    if (const auto wrong = wrongInLog(m_target, m_scenario.rowsAfter());
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
