// What has become of a transaction whose session is not there any more.

#pragma once

#include "journal/site.h"
#include "json/json_text.h"
#include "status.h"
#include "storage/storage.h"

#include <string>

namespace mdimappend
{

/// The log record of a transaction that was committed, or null.
Result<Json> committedRecord(Storage &storage, const Site &site,
                             const std::string &transaction);

/// Whether somebody has put its decision, whichever it is.
Result<bool> isDecided(Storage &storage, const Site &site,
                       const std::string &transaction);

/// Instead of `why` (its lease is over): that it was committed, or is going to
/// be.
Status sayHowItEnded(Status why, Storage &storage, const Site &site,
                     const std::string &transaction);

/// Whether it is decided that it is committed, and nobody has come to its end.
Result<bool> isToBeFinished(Storage &storage, const Site &site,
                            const std::string &transaction);

}  // namespace mdimappend
