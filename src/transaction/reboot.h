// What a restart of the machine may have taken with it, where nothing was
// synced
// (--durability process).

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"

#include <string>

namespace mdimappend
{

/// The running system's boot id, "" where there is none.
std::string bootId();

/// After a reboot, what was never synced may be lost: Failure::Conflict if a
/// chunk that was put at its final key is not there as it was.
Status verifyPuts(Storage &storage, const Site &site, const Manifest &manifest);

}  // namespace mdimappend
