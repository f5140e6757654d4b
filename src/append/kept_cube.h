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

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mdimappend
{

/// By the groups that the cubes are in.
using CubesByGroup = std::map<std::string, CubeState>;

class KeptCubes
{
  public:
    /// Begins to watch what is read of a store, and with it what is known of it
    /// already, if all of that is as it was: nothing where it is not.
    Result<CubesByGroup> watch(Storage &storage, const Site &site);

    /// Goes on watching, through the storage of whoever has taken the lock.
    void goOn(Storage &storage);

    /// What a batch has made of what was read. `cubes`: with all their rows;
    /// `replaced`: the objects that its commit, if there was one, has put in
    /// others' places.
    void keep(const Site &site, CubesByGroup cubes,
              const ObjectVersions &replaced);

  private:
    void keepLabels(const Site &site, CubeState &cube,
                    const ObjectVersions &replaced);
    void keepLastLabels(CubeState &cube, const std::string &labelChunks);

    std::shared_ptr<ReadObjects> m_reads{};
    CubesByGroup m_cubes{};
};

/// All that a run keeps of a target from one commit to the next.
struct KeptTarget
{
    std::map<std::string, LoggedSlices> logs{};  ///< by group
    KeptCubes cubes{};
    /// That the last commit has put in others' places: what the next one reads
    /// of them is compared with what was written.
    std::vector<KnownObject> chunks{};
};

/// Whether a commit with these options leaves a cube that is known as well as
/// if it were read.
bool mayKeepCube(const AppendOptions &options);

}  // namespace mdimappend
