// The cube as a run has left it, for the run's next commit: the target need not
// be read again while it is as it was read.

#pragma once

#include "append/logged_slices.h"
#include "cube/cube_state.h"
#include "journal/site.h"
#include "settings/options.h"
#include "storage/read_objects.h"
#include "storage/storage.h"
#include "transaction/known_contents.h"

#include <memory>
#include <optional>
#include <vector>

namespace mdimappend
{

class KeptCube
{
  public:
    /// Begins to watch what is read of a target, and with it what is known of
    /// it already, if all of that is as it was: nothing where it is not.
    Result<std::optional<CubeState>> watch(Storage &storage, const Site &site);

    /// Goes on watching, through the storage of whoever has taken the lock.
    void goOn(Storage &storage);

    /// What a batch has made of what was read. `cube`: with all its rows;
    /// `replaced`: the objects that its commit, if there was one, has put in
    /// others' places.
    void keep(const Site &site, CubeState cube, const ObjectVersions &replaced);

  private:
    void keepLastLabels(CubeState &cube, const std::string &labelChunks);

    std::shared_ptr<ReadObjects> m_reads{};
    std::optional<CubeState> m_cube{};
};

/// All that a run keeps of a target from one commit to the next.
struct KeptTarget
{
    LoggedSlices log{};
    KeptCube cube{};
    /// That the last commit has put in others' places: what the next one reads
    /// of them is compared with what was written.
    std::vector<KnownObject> chunks{};
};

/// Whether a commit with these options leaves a cube that is known as well as
/// if it were read.
bool mayKeepCube(const AppendOptions &options);

}  // namespace mdimappend
