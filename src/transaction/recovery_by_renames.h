// Recovery on a file system: a journal's records tell the state.

#pragma once

#include "storage/folder_storage.h"
#include "transaction/recovery_steps.h"

#include <optional>

namespace mdimappend
{

class RecoveryByRenames final : public RecoverySteps
{
  public:
    RecoveryByRenames(FolderStorage &storage, const Site &site)
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
    struct Journal
    {
        bool hasSession = false;
        std::optional<std::string> plan;
        std::optional<std::string> manifest;
        std::optional<std::string> decision;
    };

    static bool neverBecameDurable(const Result<Plan> &plan,
                                   const Journal &journal);
    Result<Journal> readJournal(const std::string &transaction);
    Status settlePlanned(const std::string &transaction, const Journal &journal,
                         const Plan &plan);
    Result<Decision> decisionOf(const std::string &transaction,
                                const Journal &journal);
    Status giveUp(const std::string &transaction);
    Status justTidy(const std::string &transaction);
    Status tidyLogged(const Plan &plan);
    Status undoPlanned(const Plan &plan);
    Status finish(const std::string &transaction, const Journal &journal,
                  const Decision &decision);

    FolderStorage &m_storage;
};

}  // namespace mdimappend
