// Which steps a storage's transactions take, and the decision, which is the
// same for all of them: created once, or another's word.

#include "transaction/protocol.h"

#include "journal/record_paths.h"
#include "trace.h"
#include "transaction/protocol_by_conditions.h"
#include "transaction/protocol_by_renames.h"

namespace mdimappend
{

std::unique_ptr<Protocol> Protocol::of(Storage &storage, const Site &site)
{
    if (auto *versions = storage.versions())
        return std::make_unique<ProtocolByConditions>(*versions, site);
    return std::make_unique<ProtocolByRenames>(*storage.folders(), site);
}

Result<Decision> Protocol::decide(const std::string &transaction,
                                  const Decision &decision)
{
    const char *word = decision.commit ? "commit" : "abort";
    trace(transaction, "decision: asks for ", word);
    auto created = createDecision(transaction, toText(decision));
    if (!created)
    {
        trace(transaction, "decision: whether it was created is not known: ",
              created.status().message());
        return created.takeStatus();
    }
    if (*created)
    {
        trace(transaction, "decision: it is ", word);
        return decision;
    }
    const auto path = decisionPath(m_site, transaction);
    MDIMAPPEND_ASSIGN(const auto present, m_anyStorage.read(path));
    if (!present)
        return error("the decision '" + path + "' came and went");
    auto theirs = parseDecision(*present);
    trace(transaction, "decision: there was one already, ",
          !theirs          ? "which is damaged"
          : theirs->commit ? "commit"
                           : "abort");
    return theirs;
}

Status Protocol::changedMeanwhile(const std::string &key)
{
    return {Failure::Conflict,
            "conflict: document '" + key +
                "' was changed by somebody else during the append"};
}

Result<Decision> decide(Storage &storage, const Site &site,
                        const std::string &transaction,
                        const Decision &decision)
{
    return Protocol::of(storage, site)->decide(transaction, decision);
}

Status tidy(Storage &storage, const Site &site, const std::string &transaction)
{
    return Protocol::of(storage, site)->tidy(transaction);
}

}  // namespace mdimappend
