// What a dry run, which writes nothing, can still know: whether it might.

#pragma once

#include "cube/target.h"
#include "journal/site.h"
#include "status.h"
#include "storage/posix.h"

namespace mdimappend
{

/// Fails where an append could not write, for want of permission or on a file
/// system that is read-only: beside the store, in the sidecar, in the store and
/// in the folder of each array that would grow.
Status checkMayWrite(Posix &posix, const Site &site, const Target &target);

}  // namespace mdimappend
