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
    std::shared_ptr<const Session> session{};
};

/// For a part: nothing is locked, the lease has to be held. `options`: those
/// for the target, and of the caller.
Result<OpenPart> openPart(const Token &token, const AppendOptions &options);

/// Fails if the lease is over, and says so if that is because all is done.
Status checkStillOpen(const Writer &writer, const Token &token);

/// For whoever ends the transaction: goes on with its lease, and renews it. The
/// session is not read: there may be none any more.
Result<OpenPart> openToEnd(const Token &token, const AppendOptions &options);

/// What `openToEnd` has left to do.
Status readSession(OpenPart &open, const Token &token,
                   const AppendOptions &options);

/// Renews the lease, and leaves it held. Fails for a lock that is none.
Result<LeaseTicket> leaveLease(Lock &lock, LeftUntil until);

/// A lease that was left before is freed with the lock.
void freeLeaseAtEnd(Lock &lock);

/// For whoever finishes what was decided, when its lease is over: takes the
/// lock as any writer does.
Result<OpenPart> openToFinish(const Token &token, const AppendOptions &options);

/// Site and storage alone, whoever has the lease.
Result<Writer> openToLook(const Token &token, const AppendOptions &options);

/// Where a part keeps what it has written.
std::string writtenPath(const Site &site, const std::string &transaction,
                        const std::string &part);

}  // namespace mdimappend
