// One scenario tried again and again from the same state, each time with
// another fault, and the questions that every try has to answer.

#pragma once

#include "support/cube.h"
#include "support/fault_posix.h"
#include "support/scenarios.h"
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

    /// The state before, those between the commits of the step, and the one
    /// after.
    std::vector<const Tree *> committed() const;

    /// How the present state differs from both.
    std::string describeState() const;

    /// Whether a batch whose second slice is refused or cannot be planned may
    /// have brought its first; or it is in a commit of its own.
    bool mayBePartly = false;

    /// Whether its states are kept, where states are collected
    /// (state_collection.h).
    bool keepsStates = true;

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

    /// The same after something was damaged, the log perhaps. It may end in a
    /// conflict, too: "" if then nothing that a reader could see is lost,
    /// another writer changes nothing, and setting aside leaves the store as
    /// it is.
    std::string recoverOrFreeze(bool logIsDamaged = false);

    /// Whether the last recoverOrFreeze() ended in a conflict.
    bool frozen() const
    {
        return m_frozen;
    }

    /// What a report says of the state of the target, compared with what
    /// the last recover() found: "" if that is true.
    std::string lie(const Status &reported) const;

    /// "" if a reader of one of the committed states finds all its objects, as
    /// they are in that state or in another.
    std::string wrongIfLost() const;

    /// Keeps the present state, which a killed append has left, or a power cut.
    void keepInterrupted(bool byPowerCut = false) const;

    /// A Posix without faults, of this campaign's kind of file system.
    void prepare(FaultPosix &posix) const;

    /// The same append once more, which must bring exactly what is missing:
    /// "" if the state is then the one after, logged once, nothing left over.
    /// A retry from a state, sidecar included, from which one has succeeded is
    /// not tried again.
    std::string retry();

  private:
    std::string wrongWhileFrozen();
    std::string recover(bool checksLog);

    Scenario m_scenario;
    ScratchFolder m_origin;
    ScratchFolder m_work;
    std::string m_target;
    int m_try = 0;
    State m_recovered = State::Neither;
    bool m_frozen = false;
    std::set<std::string> m_retried;
    Tree m_originally;
    Tree m_before;
    Tree m_after;
    Tree m_partly;
};

/// Each of the scenarios.
class EveryScenario : public testing::TestWithParam<Scenario>
{
  protected:
    EveryScenario() : campaign(GetParam())
    {
    }

    QuietGdal quiet;
    Campaign campaign;
};

}  // namespace mdimappend::protocol_testing
