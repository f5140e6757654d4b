// Reading what a target holds: its labels, coordinates, and committed rows to
// compare a slice with. Through a private view without a plan; every failure to
// read is an error, only "does not exist" means empty.

#pragma once

#include "chunks/array_handle.h"
#include "chunks/slab.h"
#include "cube/coordinates.h"
#include "cube/labels.h"
#include "cube/target.h"
#include "guards/array_guard.h"
#include "guards/value_comparison.h"
#include "slice/slice.h"
#include "status.h"
#include "storage/storage.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mdimappend
{

class TargetValues
{
  public:
    TargetValues(const Site &site, Storage &storage, const Target &target);

    /// Those of the rows [first, end); Kind::None if the append dimension has
    /// no label array.
    Result<Labels> labels(std::uint64_t first, std::uint64_t end);

    /// All values of an array, unpacked.
    Result<CoordinateValues> coordinate(std::size_t array);

    /// Compares rows of the slice with committed rows; what differs first, or
    /// nothing.
    Result<std::optional<std::string>>
    firstDifference(const Slice &slice, const std::vector<Match> &matches,
                    const RowRun &run);

    /// Of an array of the target; this must outlive it.
    ReadValues reader(std::size_t array) const;

    ValueComparison comparison(const Slice &slice, const Match &match) const
    {
        return {reader(match.targetArray), m_target.arrays[match.targetArray],
                match, slice};
    }

  private:
    Result<std::unique_ptr<ElementBuffer>> readAll(std::size_t array);
    Result<std::unique_ptr<ElementBuffer>>
    read(std::size_t array, const Extent &start, const Extent &extent);
    Status checkAreThere(const TargetArray &labels, const ElementBuffer &values,
                         std::uint64_t first, std::uint64_t end);

    const Target &m_target;
    std::unique_ptr<View> m_view;
};

}  // namespace mdimappend
