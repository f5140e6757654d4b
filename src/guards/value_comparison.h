// Values of a slice against those of its target: rows against committed rows,
// or an array without the append dimension as a whole. The slice's values are
// converted first, as they would be to be written, and compared then.

#pragma once

#include "chunks/array_handle.h"
#include "cube/target.h"
#include "guards/array_guard.h"
#include "slice/slice.h"
#include "status.h"

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

/// Reads a box of an array: where it begins, its size, and for what.
using ReadValues =
    std::function<Status(const Extent &start, const Extent &size, void *)>;

/// Of one array; a block at a time, so that memory is bounded. Values are the
/// same if their bits are, and any NaN is the same as any other.
class ValueComparison
{
  public:
    /// `expected` reads what the target has. `match` must have an array of the
    /// slice. All must outlive this.
    ValueComparison(ReadValues expected, const TargetArray &target,
                    const Match &match, const Slice &slice);

    /// The first value of these rows that differs; of an array along the append
    /// dimension.
    Result<std::optional<ValueDifference>> firstInRows(std::uint64_t sliceRow,
                                                       std::uint64_t targetRow,
                                                       std::uint64_t rows);

    /// The first value in a box of `size` that differs.
    Result<std::optional<ValueDifference>> firstIn(const Extent &size,
                                                   const Extent &sliceOrigin,
                                                   const Extent &targetOrigin);

    /// A checksum of all values of an array without that dimension: those of
    /// the target, or the slice's. It is the same if the values are.
    Result<std::string> targetChecksum();
    Result<std::string> sliceChecksum();

    /// The slice's values in a box, converted. What cannot be converted is
    /// refused in no other names than the caller's.
    Status readOffered(const Extent &start, const Extent &size, void *values);

  private:
    Result<std::string> checksumOf(const ReadValues &read) const;
    Extent blockFor(const Extent &extent, const Extent &sliceBlock) const;
    Result<std::optional<ValueDifference>> firstInBlock(const Extent &from,
                                                        const Extent &committed,
                                                        const Extent &size);
    std::string textOf(const ElementBuffer &values, std::uint64_t at) const;

    ReadValues m_expected;
    const TargetArray &m_target;
    const Match &m_match;
    const Slice &m_slice;
    GDALExtendedDataType m_type;
    std::unique_ptr<SliceReader> m_reader;
};

}  // namespace mdimappend
