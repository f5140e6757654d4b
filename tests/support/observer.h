// Promise T2: what a reader may find at any moment, recovered or not.

#pragma once

#include "support/campaign.h"

#include <string>

namespace mdimappend::protocol_testing
{

class Observer
{
  public:
    explicit Observer(const Campaign &campaign) : m_campaign(campaign)
    {
    }

    /// What is wrong with what a reader sees now; "" if nothing.
    std::string wrongNow() const;

    /// The same after a power cut, which may have lost what no reader of the
    /// whole cube can see.
    std::string wrongAfterCut() const;

    /// Looks before each call of `posix`; `wrong()` is the first that it saw.
    void watch(FaultPosix &posix);

    const std::string &wrong() const
    {
        return m_wrong;
    }

  private:
    std::string wrongBetween(const Tree &before, const Tree &after) const;
    std::string wrongBetweenAfterCut(const Tree &before,
                                     const Tree &after) const;
    std::string present(const std::string &name) const;
    std::string documentOf(const CubeKind &part,
                           const std::string &array) const;
    std::string wrongLabels(const Tree &before, const Tree &after) const;
    bool isNew(const std::string &name, const Tree &before,
               const Tree &after) const;
    std::string firstMissing(const Tree &after, bool documentsToo) const;
    std::string inStore(const std::string &key) const;

    const Scenario &scenario() const
    {
        return m_campaign.scenario();
    }

    const Campaign &m_campaign;
    std::string m_wrong;
};

}  // namespace mdimappend::protocol_testing
