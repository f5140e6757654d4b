// The manifest of a transaction that has written all its chunks.

#pragma once

#include "journal/records.h"
#include "json/json_text.h"
#include "status.h"
#include "transaction/intent.h"
#include "transaction/protocol.h"
#include "transaction/view.h"

namespace mdimappend
{

/// All that apply will do. The new documents are kept where it will find them.
/// `stage`: the transaction's. `logRecord`: the append's part of it.
/// `mayBeLost`: chunks that were put at their final keys are named, so that
/// they can be looked at after a reboot.
Result<Manifest> newManifest(const Plan &plan, const Intent &intent, View &view,
                             Protocol &protocol, const std::string &stage,
                             const Json &logRecord, bool mayBeLost);

}  // namespace mdimappend
