// Reading what a target holds: its labels, coordinates, and committed rows to
// compare a slice with. Through a private view without a plan; every failure to
// read is an error, only "does not exist" means empty.

#pragma once

#include "append/array_handle.h"
#include "append/guards.h"
#include "append/labels.h"
#include "append/target.h"
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

    /// Kind::None if the append dimension has no label array.
    Result<Labels> labels();

    /// All values of a 1D array.
    Result<CoordinateValues> coordinate(std::size_t array);

    /// Compares rows of the slice with committed rows (pairs of slice row and
    /// target row); what differs first, or nothing.
    Result<std::optional<std::string>> firstDifference(
        const Slice &slice, const std::vector<Match> &matches,
        const std::vector<std::pair<std::uint64_t, std::uint64_t>> &rows);

  private:
    Result<std::unique_ptr<ElementBuffer>> readAll(std::size_t array);

    const Target &m_target;
    std::unique_ptr<View> m_view;
};

/// All values of a 1D array of a slice.
Result<CoordinateValues> sliceCoordinate(const Slice &slice, std::size_t array);

/// The labels of a slice, from its label array; Kind::None if it has none.
Result<Labels> sliceLabels(const Slice &slice);

LabelForm labelForm(const TargetArray &array);

}  // namespace mdimappend
