// A sidecar beside nothing: what a first append leaves that was refused.

#pragma once

#include "journal/site.h"
#include "lock/lock.h"
#include "status.h"
#include "storage/storage.h"

#include <memory>

namespace mdimappend
{

/// Removes the sidecar of a store that is not there, if nothing is in it but
/// `lock`, which is freed where it is a lease: whoever waits for it finds it
/// gone, and makes both anew.
Status removeLoneSidecar(Storage &storage, const Site &site,
                         std::unique_ptr<Lock> &lock);

}  // namespace mdimappend
