// A target with its lock in hand, recovered and read.

#pragma once

#include "cube/cube_state.h"
#include "settings/options.h"
#include "surroundings.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <memory>
#include <string>

namespace mdimappend
{

/// What of the options says where the target is, and how `around` reaches it.
/// `connection` is kept for all commits of a run.
WriterRequest placeOf(const AppendOptions &options,
                      std::shared_ptr<ObjectTarget> &connection,
                      const Surroundings &around = {});

/// What of them says how it is locked, too.
WriterRequest lockRequestOf(const AppendOptions &options,
                            const WriterRequest &place);

struct OpenTarget
{
    Writer writer;
    Site site;
};

/// Takes the lock, recovers (into `recovered`), and finds out where the store
/// is then. With --dry-run nothing is locked, recovered or written.
Result<OpenTarget> openTarget(const AppendOptions &options,
                              const WriterRequest &place,
                              RecoveryReport &recovered);

}  // namespace mdimappend
