// The protocol on a file system: records are files, what replaces waits in the
// stage and is renamed over, and barriers make each step durable before the
// next.

#pragma once

#include "storage/folder_storage.h"
#include "transaction/protocol.h"

namespace mdimappend
{

class ProtocolByRenames final : public Protocol
{
  public:
    ProtocolByRenames(FolderStorage &storage, const Site &site)
        : Protocol(storage, site), m_storage(storage)
    {
    }

    Status begin(Plan &plan) override;
    Status extend(const Plan &plan) override;
    Result<Move> documentMove(const Plan &plan, std::size_t number,
                              const std::string &bytes,
                              KnownContents &known) override;
    Status keepManifest(const Manifest &manifest, const std::string &text,
                        Decision &decision) override;
    Status checkDecidable(const Plan &plan, const Manifest &manifest,
                          KnownContents &known) override;
    Result<bool> stands(const std::string &transaction) override;
    Status place(const Manifest &manifest, const Move &move,
                 const std::string &version) override;
    Status exchange(const Manifest &manifest) override;
    Status undo(const Plan &plan) override;
    Status tidy(const std::string &transaction) override;
    Status tidyUndone(const std::string &transaction) override;
    Status tidyCommitted(const Manifest &manifest) override;

  private:
    Result<bool> createDecision(const std::string &transaction,
                                const std::string &text) override;
    Result<std::vector<std::string>> missingFolders(const Plan &plan);
    Status checkApplicable(const Manifest &manifest);

    FolderStorage &m_storage;
};

}  // namespace mdimappend
