// A small cube that grows, made by the library's own append from slices in
// memory, and read back by GDAL.
//
// Arrays: air (time, y, x), chunks 2 x 2 x 2, so that 2 rows fill a layer of
// chunks and 3 do not; time, chunks of 2; x and y. One chunk of every fourth
// row pair is all fill.

#pragma once

#include "append/append.h"
#include "storage/posix.h"
#include "support/tree.h"

#include <gdal_priv.h>

#include <optional>
#include <string>
#include <vector>

namespace mdimappend::protocol_testing
{

struct CubeKind
{
    ZarrFormat format = ZarrFormat::V3;
    bool consolidated = true;

    std::string name() const;
    /// The document that a reader of the whole cube uses.
    std::string consolidatedKey() const;
};

/// What an append is about to do, and the state it starts from.
enum class Step
{
    Create,
    Aligned,
    Merging,
    Batch,          ///< two slices in one commit, both into one chunk
    BatchCreate,    ///< the same to a new target
    Replace,        ///< rows that are there anew, and one behind them
    Overwrite,      ///< a new target in place of an old one
    BatchOverwrite  ///< the same, of two slices
};

std::string name(Step step);

/// Rows [first, first + count) of an endless cube, as a dataset in memory.
/// `anew`: with other values than they had at first.
GDALDatasetUniquePtr rowsAsSlice(std::size_t first, std::size_t count,
                                 bool anew = false);

/// Appends those rows to `target`: one slice, or one commit of several, each
/// with its count of rows.
Report appendRows(const CubeKind &kind, const std::string &target,
                  std::size_t first, std::vector<std::size_t> counts,
                  Posix &posix = Posix::system(),
                  Durability durability = Durability::Full,
                  bool overwrite = false, bool anew = false);

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// What is wrong with the cube if it should hold `rows` rows from `first` on,
/// with new values from row `anewFrom` on; "" if nothing is. Read by GDAL,
/// through consolidated metadata where there are any.
std::string wrongInCube(const std::string &target, std::size_t rows,
                        std::size_t first = 0, std::size_t anewFrom = none);

/// What the log says: the rows of all its records since the last overwrite
/// together, or why it is not in order.
std::string wrongInLog(const std::string &target, std::size_t rows);

/// A step of one kind of cube: the state before, and the rows to append.
struct Scenario
{
    CubeKind kind;
    Step step = Step::Merging;
    CubeKind old = {};  ///< what is overwritten

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

    std::string name() const;

    /// Makes the state before, in a folder that holds nothing else.
    void prepare(const std::string &target) const;

    Report append(const std::string &target, Posix &posix = Posix::system(),
                  Durability durability = Durability::Full) const;
    /// Only the first slice of a batch.
    Report appendFirst(const std::string &target, Posix &posix) const;
};

/// Every step of every kind.
std::vector<Scenario> allScenarios();
/// Every step, of consolidated V3 and of plain V2.
std::vector<Scenario> someScenarios();

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
