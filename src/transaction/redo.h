// Redo: what was decided is carried out, whoever decided it.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"
#include "transaction/known_contents.h"

namespace mdimappend
{

/// Moves what the manifest lists into place, and logs it. Requires each
/// document and replaced chunk to be its base or already new
/// (Failure::Conflict otherwise; nothing is moved then). Of an overwrite:
/// exchanges the stores. `known`: what need not be read again. Idempotent, safe
/// to interrupt anywhere and to repeat by another process that holds the lock.
Status redo(Storage &storage, const Site &site, const Manifest &manifest,
            const KnownContents &known = {});

}  // namespace mdimappend
