// Values of a slice against those of its target: rows against committed rows,
// or an array without the append dimension as a whole. The slice's values are
// converted first, as they would be to be written, and compared then.

#pragma once

#include "chunks/array_handle.h"
#include "cube/target.h"
#include "guards/array_guard.h"
#include "slice/slice.h"
#include "status.h"
#include "transaction/view.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mdimappend
{

struct ValueDifference
{
    Extent position;       ///< in the array of the slice
    std::string expected;  ///< unpacked, in the target's units
    std::string found;
};

/// Of one array; a block at a time, so that memory is bounded. Values are the
/// same if their bits are, and any NaN is the same as any other.
class ValueComparison
{
  public:
    /// `match` must have an array of the slice. All must outlive this.
    ValueComparison(const View &view, const TargetArray &target,
                    const Match &match, const Slice &slice)
        : m_view(view), m_target(target), m_match(match), m_slice(slice)
    {
    }

    /// The first value of these rows that differs; of an array along the append
    /// dimension.
    Result<std::optional<ValueDifference>> firstInRows(std::uint64_t sliceRow,
                                                       std::uint64_t targetRow,
                                                       std::uint64_t rows);

    /// The first value that differs; of an array without that dimension.
    Result<std::optional<ValueDifference>> first();

    /// A checksum of all values of an array without that dimension: those of
    /// the target, or the slice's. It is the same if the values are.
    Result<std::string> targetChecksum();
    Result<std::string> sliceChecksum();

  private:
    using Read = std::function<Status(const Extent &, const Extent &, void *)>;

    Status open();
    Result<std::string> checksumOf(const Read &read) const;
    Result<std::optional<ValueDifference>> firstIn(const Extent &extent,
                                                   const Extent &sliceOrigin,
                                                   const Extent &targetOrigin);
    Extent blockFor(const Extent &extent, const Extent &sliceBlock) const;
    Result<std::optional<ValueDifference>> firstInBlock(const Extent &from,
                                                        const Extent &committed,
                                                        const Extent &size);
    std::string textOf(const ElementBuffer &values, std::uint64_t at) const;
    Status readOffered(const Extent &from, const Extent &size, void *values);

    const View &m_view;
    const TargetArray &m_target;
    const Match &m_match;
    const Slice &m_slice;
    std::unique_ptr<ArrayHandle> m_handle;
    std::unique_ptr<SliceReader> m_reader;
};

}  // namespace mdimappend
