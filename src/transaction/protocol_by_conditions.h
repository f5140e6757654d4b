// The protocol in an object store: the lock names the transaction, the decision
// carries the manifest, and what replaces is put under the condition that its
// key still holds what was seen.

#pragma once

#include "storage/versioned_storage.h"
#include "transaction/protocol.h"

namespace mdimappend
{

class ProtocolByConditions final : public Protocol
{
  public:
    ProtocolByConditions(VersionedStorage &storage, const Site &site)
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
    Result<std::optional<std::string>> tornVersion(const Manifest &manifest,
                                                   const Move &move) override;
    Status exchange(const Manifest &manifest) override;
    Status undo(const Plan &plan) override;
    Status tidy(const std::string &transaction) override;
    Status tidyUndone(const std::string &transaction) override;
    Status tidyCommitted(const Manifest &manifest) override;

  private:
    Result<bool> createDecision(const std::string &transaction,
                                const std::string &text) override;
    Result<std::optional<std::string>> newBytes(const Manifest &manifest,
                                                const Move &move);
    Result<std::optional<std::string>> tornVersion(const Manifest &manifest,
                                                   const Move &move,
                                                   const std::string &bytes);
    Status removeAllIn(const std::string &folder, const std::string &except);

    VersionedStorage &m_storage;
};

}  // namespace mdimappend
