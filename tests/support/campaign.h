// One scenario tried again and again from the same state, each time with
// another fault, and the questions that every try has to answer.

#pragma once

#include "support/cube.h"
#include "support/fault_posix.h"
#include "support/tree.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace mdimappend::protocol_testing
{

class Campaign
{
  public:
    explicit Campaign(const Scenario &scenario);
    ~Campaign();
    Campaign(const Campaign &) = delete;
    Campaign &operator=(const Campaign &) = delete;

    const Scenario &scenario() const
    {
        return m_scenario;
    }

    /// Puts the state before the step at `target()`, with its sidecar.
    void restart();

    /// Puts a whole tree there (the store's parent folder), e.g. what a power
    /// cut left.
    void restart(const std::function<void(const std::string &)> &make);

    const std::string &target() const
    {
        return m_target;
    }

    /// The folder that store and sidecar are in.
    std::string parent() const;

    Tree store() const;

    const Tree &before() const
    {
        return m_before;
    }

    const Tree &after() const
    {
        return m_after;
    }

    enum class State
    {
        Before,
        After,
        Partly,  ///< only the first slice of a batch
        Neither
    };
    State state() const;
    /// How the present state differs from both.
    std::string describeState() const;

    /// Whether a batch whose second slice is refused or cannot be planned may
    /// have brought its first.
    bool mayBePartly = false;

    /// Whether syncs are answered as ext4 does, or as a file system without a
    /// syncfs that can be trusted.
    bool offersSyncfs = true;

    /// Whether the tree that a restart makes is the one that it is made from,
    /// or a copy of it on another disk.
    bool copiesAreTheSame = true;

    /// The scenario's append with a fault in it.
    Report append(FaultPosix &posix, Durability durability = Durability::Full);

    /// What any later writer does first. "" if it succeeds and leaves the
    /// state before or after, with a log that says so.
    std::string recover();

    /// What the last recover() found.
    State recovered() const
    {
        return m_recovered;
    }

    /// The same append once more, which must bring exactly what is missing:
    /// "" if the state is then the one after, logged once, nothing left over.
    /// A retry from a state, sidecar included, from which one has succeeded is
    /// not tried again.
    std::string retry();

  private:
    Scenario m_scenario;
    ScratchFolder m_origin;
    ScratchFolder m_work;
    std::string m_target;
    int m_try = 0;
    State m_recovered = State::Neither;
    std::set<std::string> m_retried;
    Tree m_originally;
    Tree m_before;
    Tree m_after;
    Tree m_partly;
};

/// Every step of every kind of cube.
class EveryScenario : public testing::TestWithParam<Scenario>
{
  protected:
    EveryScenario() : campaign(GetParam())
    {
        // Half of the kinds run as on a file system without syncfs.
        campaign.offersSyncfs = GetParam().kind.consolidated;
    }

    QuietGdal quiet;
    Campaign campaign;
};

}  // namespace mdimappend::protocol_testing

#define MDIMAPPEND_FOR_EVERY_SCENARIO(Suite)                                   \
    INSTANTIATE_TEST_SUITE_P(Of, Suite, testing::ValuesIn(allScenarios()),     \
                             [](const auto &scenario)                          \
                             { return scenario.param.name(); })
