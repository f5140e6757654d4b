// Rows of a slice against committed rows of its target: the slice's values are
// converted first, as they would be to be written, and compared then.

#pragma once

#include "chunks/array_handle.h"
#include "cube/target.h"
#include "guards/array_guard.h"
#include "slice/slice.h"
#include "status.h"
#include "transaction/view.h"

#include <cstdint>
#include <memory>

namespace mdimappend
{

/// Of one array; a block at a time, so that memory is bounded.
class RowComparison
{
  public:
    /// `match` must have an array of the slice. All must outlive this.
    RowComparison(const View &view, const TargetArray &target,
                  const Match &match, const Slice &slice)
        : m_view(view), m_target(target), m_match(match), m_slice(slice)
    {
    }

    /// Whether all values are the same: their bits, but any NaN equals any
    /// other.
    Result<bool> same(std::uint64_t sliceRow, std::uint64_t targetRow,
                      std::uint64_t rows);

  private:
    Status open();
    Extent blockFor(const Extent &extent) const;
    Result<bool> sameBlock(const Extent &start, const Extent &size,
                           std::uint64_t sliceRow, std::uint64_t targetRow);
    Status readOffered(const Extent &from, const Extent &size, void *values);

    const View &m_view;
    const TargetArray &m_target;
    const Match &m_match;
    const Slice &m_slice;
    std::unique_ptr<ArrayHandle> m_handle;
    std::unique_ptr<SliceReader> m_reader;
};

}  // namespace mdimappend
