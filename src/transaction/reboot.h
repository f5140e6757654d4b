// What a restart of the machine may have taken with it, where nothing was
// synced
// (--durability process).

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"

namespace mdimappend
{

/// After a reboot, what was never synced may be lost: Failure::Conflict if a
/// chunk that was put at its final key is not there as it was.
Status verifyPuts(Storage &storage, const Site &site, const Manifest &manifest);

}  // namespace mdimappend
