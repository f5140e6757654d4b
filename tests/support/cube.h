// A small cube that grows, made by the library's own append from slices in
// memory, and read back by GDAL.
//
// Arrays: air (time, y, x), chunks 2 x 2 x 2, so that 2 rows fill a layer of
// chunks and 3 do not; time, chunks of 2; x and y. The chunks at the right of
// every second layer are all fill. (Other sizes: CubeShape.)

#pragma once

#include "append/append.h"
#include "storage/posix.h"
#include "support/tree.h"

#include <gdal_priv.h>

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend::protocol_testing
{

struct CubeShape
{
    std::size_t height = 2;
    std::size_t width = 3;
    /// Of one chunk of `air`, or of one shard of it.
    std::size_t chunkRows = 2;
    std::size_t chunkHeight = 2;
    std::size_t chunkWidth = 2;
    /// Of one chunk, or one shard, of `time`.
    std::size_t timeChunk = 2;

    bool operator==(const CubeShape &) const = default;
};

struct CubeKind
{
    ZarrFormat format = ZarrFormat::V3;
    bool consolidated = true;
    /// Shards of the size that chunks have otherwise, and in them chunks of one
    /// row.
    bool sharded = false;
    /// A group of a store in which there is another cube already.
    bool inGroup = false;
    CubeShape shape = {};
    /// So many groups (`parts`) below, each with arrays of its own, which grow
    /// in the same commits. 0: the arrays are the cube's.
    std::size_t groups = 0;
    /// Of those groups one alone, counted from 1.
    std::size_t part = 0;

    std::string name() const;
    /// The group of the cube in its store; "" if that is the cube.
    std::string group() const;
    /// Those with arrays: of a cube without groups that itself.
    std::vector<CubeKind> parts() const;
    /// A key of the cube, as one of the store.
    std::string key(const std::string &inCube) const;
    /// The document that a reader of the whole store uses.
    std::string consolidatedKey() const;
    /// The document without which there is no cube, where none is
    /// consolidated: the outermost of the groups that a creation makes.
    std::string outermostGroupKey() const;

    bool operator==(const CubeKind &) const = default;
};

/// What an append is about to do, and the state it starts from.
enum class Step
{
    Create,
    Aligned,
    Merging,
    Replace,   ///< rows that are there anew, and one behind them
    Overwrite  ///< a new target in place of an old one
};

std::string name(Step step);

/// Rows [first, first + count) of an endless cube, as a dataset in memory.
/// `anew`: with other values than they had at first. Each group has other ones.
GDALDatasetUniquePtr rowsAsSlice(std::size_t first, std::size_t count,
                                 bool anew = false, const CubeKind &kind = {});

/// Has the last word on the options, and on what is around the append.
using Adjust = std::function<void(AppendOptions &, Surroundings &)>;

/// Appends those rows to `target`: one slice, or one commit of several, each
/// with its count of rows.
Report appendRows(const CubeKind &kind, const std::string &target,
                  std::size_t first, std::vector<std::size_t> counts,
                  Posix &posix = Posix::system(),
                  Durability durability = Durability::Full,
                  bool overwrite = false, bool anew = false, int threads = 1,
                  const Adjust &adjust = {});

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// What is wrong with the cube if it should hold `rows` rows from `first` on,
/// with new values from row `anewFrom` on; "" if nothing is. Read by GDAL,
/// through consolidated metadata where there are any.
std::string wrongInCube(const std::string &target, std::size_t rows,
                        std::size_t first = 0, std::size_t anewFrom = none,
                        const CubeKind &kind = {});

/// What one group of a cube has in a committed state.
struct Held
{
    CubeKind kind;
    std::size_t rows = 0;
    std::size_t first = 0;
    std::size_t anewFrom = none;

    /// What is wrong if it should be so; "" if nothing is.
    std::string wrong(const std::string &target) const
    {
        return wrongInCube(target, rows, first, anewFrom, kind);
    }
};

/// What the log says: the rows of all its records of this group since the last
/// overwrite together, or why it is not in order.
std::string wrongInLog(const std::string &target, std::size_t rows,
                       const std::string &group = "");

/// Of several groups.
std::string wrongInLog(const std::string &target,
                       const std::vector<Held> &groups);

/// A step of one kind of cube: the state before, and the rows to append. Of
/// several groups the last is made by the step.
struct Scenario
{
    CubeKind kind;
    Step step = Step::Merging;
    CubeKind old = {};   ///< what is overwritten
    bool batch = false;  ///< two slices in one commit
    int threads = 1;
    /// Whether syncs are answered as ext4 does, or as a file system without a
    /// syncfs that can be trusted.
    bool offersSyncfs = true;
    /// Rows other than the step's own.
    std::optional<std::size_t> drawnBefore = {};
    std::vector<std::size_t> drawnSlices = {};

    bool overwrites() const;
    std::size_t rowsBefore() const;
    std::size_t rowsAfter() const;
    /// After the first slice of a batch alone.
    std::size_t rowsPartly() const;
    /// The first row of the first slice.
    std::size_t firstRow() const;
    /// The first row of the cube after the step.
    std::size_t firstRowAfter() const;
    /// The first row with new values, after the step.
    std::size_t anewFrom() const;
    /// The rows of each slice.
    std::vector<std::size_t> slices() const;
    /// A slice that replaces rows is a commit of its own, also in a batch.
    int commits() const;

    /// What the groups of the cube have before the step, after its first slice
    /// alone, and after it.
    enum class Moment
    {
        Before,
        Partly,
        After
    };
    std::vector<Held> held(Moment moment) const;

    std::string name() const;

    /// Makes the state before, in a folder that holds nothing else.
    void prepare(const std::string &target) const;

    Report append(const std::string &target, Posix &posix = Posix::system(),
                  Durability durability = Durability::Full) const;
    /// Only the first slice of a batch.
    Report appendFirst(const std::string &target, Posix &posix) const;

    bool operator==(const Scenario &) const = default;
};

/// For GoogleTest's messages.
void PrintTo(const Scenario &scenario, std::ostream *stream);

/// Runs a recovery as any later writer would.
Status recoverTarget(const std::string &target, Posix &posix = Posix::system());

/// Silences GDAL's messages on stderr while it lives.
class QuietGdal
{
  public:
    QuietGdal();
    ~QuietGdal();
    QuietGdal(const QuietGdal &) = delete;
    QuietGdal &operator=(const QuietGdal &) = delete;
};

}  // namespace mdimappend::protocol_testing
