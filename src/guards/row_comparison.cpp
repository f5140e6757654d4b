// Goes through rows in blocks that suit both the slice and the target, and
// stops at the first that differs.

#include "guards/row_comparison.h"

#include "chunks/chunk_grid.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace mdimappend
{

namespace
{

constexpr std::uint64_t compareBudget = 16ULL << 20;

/// Bitwise, but any NaN equals any other.
bool sameElement(const char *a, const char *b, std::size_t size,
                 GDALDataType type)
{
    if (std::memcmp(a, b, size) == 0)
        return true;
    if (!GDALDataTypeIsFloating(type))
        return false;
    double x[2] = {};
    double y[2] = {};
    GDALCopyWords64(a, type, 0, x, GDT_CFloat64, 0, 1);
    GDALCopyWords64(b, type, 0, y, GDT_CFloat64, 0, 1);
    const auto same = [](double p, double q)
    { return p == q || (std::isnan(p) && std::isnan(q)); };
    return same(x[0], y[0]) && same(x[1], y[1]);
}

bool sameElements(const ElementBuffer &a, const ElementBuffer &b,
                  const GDALExtendedDataType &type, std::uint64_t count)
{
    if (type.GetClass() == GEDTC_STRING)
        return a.strings() == b.strings();
    const auto size = type.GetSize();
    const auto total = static_cast<std::size_t>(count) * size;
    if (std::memcmp(a.data(), b.data(), total) == 0)
        return true;
    const auto *x = static_cast<const char *>(a.data());
    const auto *y = static_cast<const char *>(b.data());
    for (std::size_t at = 0; at < total; at += size)
    {
        if (!sameElement(x + at, y + at, size, type.GetNumericDataType()))
            return false;
    }
    return true;
}

}  // namespace

Result<bool> RowComparison::same(std::uint64_t sliceRow,
                                 std::uint64_t targetRow, std::uint64_t rows)
{
    MDIMAPPEND_RETURN_IF_ERROR(open());
    Extent extent = m_target.document.shape;
    extent[*m_target.axis] = rows;
    const Extent step = blockFor(extent);
    ChunkBox blocks;
    for (std::size_t i = 0; i < extent.size(); ++i)
    {
        blocks.low.push_back(0);
        blocks.high.push_back(ceilDivide(extent[i], step[i]));
    }
    const auto count = blocks.count();
    for (std::uint64_t number = 0; number < count; ++number)
    {
        const auto at = blocks.at(number);
        Extent start;
        Extent size;
        for (std::size_t i = 0; i < extent.size(); ++i)
        {
            start.push_back(at[i] * step[i]);
            size.push_back(std::min(step[i], extent[i] - start[i]));
        }
        MDIMAPPEND_ASSIGN(const bool equal,
                          sameBlock(start, size, sliceRow, targetRow));
        if (!equal)
            return false;
    }
    return true;
}

Status RowComparison::open()
{
    if (m_handle)
        return Status::ok();
    MDIMAPPEND_ASSIGN(m_handle, ArrayHandle::open(m_view, m_match.targetArray,
                                                  OpenMode::Read));
    MDIMAPPEND_ASSIGN(m_reader, m_slice.reader());
    return Status::ok();
}

/// How many elements of a box of `extent` are compared at a time.
Extent RowComparison::blockFor(const Extent &extent) const
{
    const auto &document = m_target.document;
    Extent grid;
    for (std::size_t i = 0; i < extent.size(); ++i)
        grid.push_back(ceilDivide(extent[i], document.chunk[i]));
    Extent block = blockOfChunks(
        grid, document.chunk, m_slice.arrays()[*m_match.sliceArray].block,
        std::max<std::size_t>(document.dataType.size, 1), compareBudget);
    for (std::size_t i = 0; i < block.size(); ++i)
        block[i] *= document.chunk[i];
    return block;
}

Result<bool> RowComparison::sameBlock(const Extent &start, const Extent &size,
                                      std::uint64_t sliceRow,
                                      std::uint64_t targetRow)
{
    const auto axis = *m_target.axis;
    const auto count = elementCount(size);
    const auto &type = m_handle->type();
    ElementBuffer committed(type, count);
    ElementBuffer offered(type, count);
    Extent from = start;
    from[axis] += targetRow;
    MDIMAPPEND_RETURN_IF_ERROR(m_handle->read(from, size, committed.data()));
    MDIMAPPEND_RETURN_IF_ERROR(m_view.failure());
    from = start;
    from[axis] += sliceRow;
    MDIMAPPEND_RETURN_IF_ERROR(readOffered(from, size, offered.data()));
    return sameElements(committed, offered, type, count);
}

/// The slice's values, converted. What cannot be converted is refused in no
/// other names than the caller's.
Status RowComparison::readOffered(const Extent &from, const Extent &size,
                                  void *values)
{
    const auto &conversion = m_match.conversion;
    if (conversion.isNone())
        return m_reader->read(*m_match.sliceArray, from, size, values);
    const auto count = static_cast<std::size_t>(elementCount(size));
    std::vector<char> raw(count * conversion.sourceSize());
    MDIMAPPEND_RETURN_IF_ERROR(
        m_reader->read(*m_match.sliceArray, from, size, raw.data()));
    return conversion.apply(raw.data(), values, count);
}

}  // namespace mdimappend
