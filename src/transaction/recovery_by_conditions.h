// Recovery in an object store: the lock tells which transactions there are,
// their decisions what became of them.

#pragma once

#include "storage/versioned_storage.h"
#include "transaction/recovery_steps.h"

namespace mdimappend
{

class RecoveryByConditions final : public RecoverySteps
{
  public:
    RecoveryByConditions(VersionedStorage &storage, const Site &site)
        : RecoverySteps(storage, site), m_storage(storage)
    {
    }

    Status settle(const std::string &transaction, Lock &lock) override;
    Result<std::vector<std::string>>
    unfinished(const std::vector<std::string> &unsettled) override;
    Result<PendingTransaction::State>
    stateOf(const std::string &transaction) override;
    Result<bool> setAside(const std::string &folder,
                          const std::string &to) override;

  private:
    Status finish(const std::string &transaction, const Decision &decision);
    Status removeStaged(const std::string &transaction, bool wasDecided);
    Result<bool> isRecordTorn(const Manifest &manifest);
    Result<bool> isFinished(const Manifest &manifest);
    Result<bool> endsTheLog(const std::string &transaction);
    Status redoUnlessLogged(const Manifest &manifest);

    VersionedStorage &m_storage;
};

}  // namespace mdimappend
