// A target with its lock in hand, recovered and read.

#pragma once

#include "cube/cube_state.h"
#include "settings/options.h"
#include "surroundings.h"
#include "transaction/look.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <memory>
#include <optional>
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
    std::optional<Look> look{};  ///< without the lock
};

/// Takes the lock, recovers (into `recovered`), and finds out where the store
/// is then. With --dry-run nothing is locked, recovered or written. `reader`:
/// with which it was looked at before, if it was.
Result<OpenTarget> openTarget(const AppendOptions &options,
                              const WriterRequest &place,
                              RecoveryReport &recovered,
                              const Writer *reader = nullptr);

/// The same without the lock, for whoever may have nothing to write. Nothing if
/// there is no store, or somebody holds the lock (and goes on holding it, if
/// that is `waited` for), or something has to be recovered.
Result<std::optional<OpenTarget>> lookAtTarget(const AppendOptions &options,
                                               const WriterRequest &place,
                                               bool waited);

}  // namespace mdimappend
