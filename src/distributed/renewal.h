// The process that has begun a transaction of parts, and waits for its end,
// renews the lease meanwhile, in a thread that needs nobody's leave: a lease of
// a minute is then as good as a long one, and is over soon after the process.

#pragma once

#include "distributed/token.h"
#include "settings/options.h"
#include "status.h"
#include "storage/storage.h"

#include <memory>
#include <string>

namespace mdimappend
{

/// The lease lasts its full length again, from now on.
Status renewLease(const Token &token, const AppendOptions &options);

/// Until `stopRenewing`, or the end of this process; not in a child that it
/// forks. `options`: those for the target. `storage` is kept: it was opened
/// before the first part was written, so that its barrier tells of all errors
/// since.
void keepRenewing(const Token &token, const AppendOptions &options,
                  std::shared_ptr<Storage> storage);

/// What was going on is over when this returns: the storage that was kept, or
/// null if this process does not renew the transaction's lease.
std::shared_ptr<Storage> stopRenewing(const std::string &transaction);

}  // namespace mdimappend
