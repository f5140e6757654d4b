// The plan of one slice's append: which rows are new, which chunks they touch,
// where the values come from, what the documents become. Reads, never writes.

#pragma once

#include "append/guards.h"
#include "append/labels.h"
#include "append/pipeline.h"
#include "append/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "transaction/transaction.h"

#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

/// The cube as the next slice finds it: as it is stored, or, inside a batch, as
/// it will be when the slices before have been committed.
struct CubeState
{
    Target target;
    /// Rows that are committed; those beyond are the batch's own.
    std::uint64_t committedRows = 0;
    bool labelsKnown = false;
    Labels labels;
    /// Coordinates of the other dimensions that were read so far.
    std::map<std::string, CoordinateValues> coordinates;
};

struct AppendPlan
{
    Intent intent;
    std::vector<Slab> slabs;
    CubeState after;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;  ///< 0: all of the slice is there already
    std::uint64_t rowsAlreadyThere = 0;
    std::string firstLabel;
    std::string lastLabel;
    bool create = false;
    std::vector<std::string> ignoredArrays;
};

/// One spelling for each file: absolute, links resolved. Names that are no
/// local files stay as they are.
std::string canonicalPath(const std::string &slice);

/// Guards the slice and plans its append. Failure::Refused says why not,
/// without the slice's name.
Result<AppendPlan> planAppend(const AppendOptions &options, const Site &site,
                              Storage &storage, const Slice &slice,
                              CubeState cube);

}  // namespace mdimappend
