// What recovery finds of one transaction and does about it, for each kind of
// storage. protocol.h has the states.

#pragma once

#include "journal/records.h"
#include "lock/lock.h"
#include "transaction/recovery.h"

#include <memory>
#include <string>
#include <vector>

namespace mdimappend
{

/// Some hundred bytes for each chunk that a commit replaces.
constexpr std::uint64_t largestRecord = 1ULL << 30;

class RecoverySteps
{
  public:
    /// By renames where a storage has folders, by conditions where its objects
    /// have versions. `storage` and `site` must outlive it.
    static std::unique_ptr<RecoverySteps> of(Storage &storage,
                                             const Site &site);

    virtual ~RecoverySteps() = default;

    /// Brings a transaction to its end, with the lock in hand.
    virtual Status settle(const std::string &transaction, Lock &lock) = 0;

    /// The transactions that have not been finished. `unsettled`: what the lock
    /// says of it.
    virtual Result<std::vector<std::string>>
    unfinished(const std::vector<std::string> &unsettled) = 0;

    virtual Result<PendingTransaction::State>
    stateOf(const std::string &transaction) = 0;

    /// Takes what lies in a folder of the sidecar out of the way, to another.
    /// False if there was nothing.
    virtual Result<bool> setAside(const std::string &folder,
                                  const std::string &to) = 0;

    RecoveryReport report;

  protected:
    RecoverySteps(Storage &storage, const Site &site)
        : m_site(site), m_anyStorage(storage)
    {
    }

    /// P8: Failure::Conflict unless the manifest is this transaction's and
    /// comes next in the log. `isRecordTorn`: a part of its own record is
    /// there.
    Status checkFollows(const std::string &transaction,
                        const Manifest &manifest, bool isRecordTorn = false);

    /// Failure::Conflict: nothing is concluded from such a journal.
    Status damaged(const std::string &transaction, const std::string &why);

    const Site &m_site;

  private:
    Storage &m_anyStorage;
};

}  // namespace mdimappend
