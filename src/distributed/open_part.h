// The way into a transaction by its token.

#pragma once

#include "distributed/session.h"
#include "distributed/token.h"
#include "settings/options.h"
#include "transaction/writer.h"

#include <memory>
#include <string>

namespace mdimappend
{

class ObjectTarget;

struct OpenPart
{
    std::shared_ptr<ObjectTarget> connection;
    Writer writer;
    Session session;
};

/// For a part: nothing is locked, the lease has to be held. `options`: those
/// for the target, and of the caller.
Result<OpenPart> openPart(const Token &token, const AppendOptions &options);

/// For whoever ends the transaction: goes on with its lease, and renews it.
Result<OpenPart> openToEnd(const Token &token, const AppendOptions &options);

/// Where a part keeps what it has written.
std::string writtenPath(const Site &site, const std::string &transaction,
                        const std::string &part);

}  // namespace mdimappend
