// A store with the journal of one append that was killed at a chosen step, for
// tests that then change what was left.

#pragma once

#include "journal/site.h"
#include "support/campaign.h"
#include "transaction/recovery.h"

#include <optional>
#include <string>

namespace mdimappend::protocol_testing
{

class LeftBehind : public testing::Test
{
  protected:
    explicit LeftBehind(const Scenario &step = scenario()) : campaign(step)
    {
    }

    static Scenario scenario()
    {
        return {{ZarrFormat::V3, true}, Step::Merging};
    }

    enum class Reached
    {
        Planned,    ///< plan, nothing else
        Prepared,   ///< plan, chunks, stage and manifest, no decision
        Decided,    ///< `commit`, nothing applied
        Exchanged,  ///< an overwrite whose new store is in place, not logged
        Logged      ///< all done but the tidying
    };

    void killAt(Reached step, Durability durability = Durability::Full)
    {
        Fault fault{Fault::Kind::KillAfter, 1, EIO, "link"};
        if (step == Reached::Planned)
            fault.only = "rename";
        else if (step == Reached::Prepared)
            fault.kind = Fault::Kind::KillBefore;
        else if (step == Reached::Exchanged)
            fault = {Fault::Kind::KillAfter, 2, EIO, "renameExchange"};
        else if (step == Reached::Logged)
            fault.at = 2;
        campaign.restart();
        FaultPosix posix(fault);
        static_cast<void>(campaign.append(posix, durability));
        ASSERT_TRUE(posix.hit());
        const auto names = namesIn("journal");
        ASSERT_EQ(names.size(), 1u);
        transaction = names[0];
    }

    std::vector<std::string> namesIn(const std::string &folder) const;

    Site site() const
    {
        return *locateSite(campaign.target(), "");
    }

    std::string record(const std::string &name) const
    {
        return site().journal(transaction) + "/" + name;
    }

    /// What recovery would do, by the word that `status` shows.
    std::optional<PendingTransaction::State> pendingState() const;

    /// Everything, the lock's text left out.
    Tree everything() const
    {
        auto tree = readTree(campaign.parent());
        tree.erase("cube.zarr.mdimappend/lock");
        return tree;
    }

    /// The same without the decision: that an undo is claimed and then frozen
    /// changes nothing else.
    Tree everythingButDecisions() const
    {
        auto tree = everything();
        std::erase_if(tree, [](const auto &entry)
                      { return entry.first.ends_with("/decision"); });
        return tree;
    }

    /// "" if recovery and append report a conflict and change nothing, and
    /// setAside ends that.
    std::string wrongIfFrozen();

    QuietGdal quiet;
    Campaign campaign;
    std::string transaction;
};

}  // namespace mdimappend::protocol_testing
