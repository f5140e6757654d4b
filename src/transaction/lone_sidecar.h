// A sidecar beside nothing: what a first append leaves that was refused.

#pragma once

#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"

namespace mdimappend
{

/// Removes the sidecar of a store that is not there, if nothing is in it but
/// the kernel's lock, which the caller holds: whoever waits for the lock finds
/// the file gone, and makes both anew.
Status removeLoneSidecar(Storage &storage, const Site &site);

}  // namespace mdimappend
