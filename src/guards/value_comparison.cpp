// Goes through values in blocks that suit both the slice and the target, and
// stops at the first that differs.

#include "guards/value_comparison.h"

#include "chunks/chunk_grid.h"
#include "cube/missing_value.h"
#include "json/json_text.h"
#include "slice/cf_references.h"
#include "storage/checksum.h"
#include "time/cf_time.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
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

/// The first that differs, or `count`.
std::uint64_t firstDifferent(const ElementBuffer &a, const ElementBuffer &b,
                             const GDALExtendedDataType &type,
                             std::uint64_t count)
{
    if (type.GetClass() == GEDTC_STRING)
    {
        const auto x = a.strings();
        const auto y = b.strings();
        return static_cast<std::uint64_t>(std::ranges::mismatch(x, y).in1 -
                                          x.begin());
    }
    const auto size = type.GetSize();
    const auto *x = static_cast<const char *>(a.data());
    const auto *y = static_cast<const char *>(b.data());
    if (std::memcmp(x, y, static_cast<std::size_t>(count) * size) == 0)
        return count;
    std::uint64_t at = 0;
    while (at < count && sameElement(x + at * size, y + at * size, size,
                                     type.GetNumericDataType()))
        ++at;
    return at;
}

template <class Number> Number numberAt(const char *element, GDALDataType type)
{
    constexpr auto wanted = std::is_same_v<Number, double> ? GDT_Float64
                            : std::is_signed_v<Number>     ? GDT_Int64
                                                           : GDT_UInt64;
    Number number = 0;
    GDALCopyWords64(element, type, 0, &number, wanted, 0, 1);
    return number;
}

/// Numbers that are equal get the same bits: zeros one sign, any NaN the same.
template <class Float> void normalise(void *values, std::size_t count)
{
    auto *numbers = static_cast<Float *>(values);
    for (std::size_t i = 0; i < count; ++i)
    {
        if (std::isnan(numbers[i]))
            numbers[i] = std::numeric_limits<Float>::quiet_NaN();
        else if (numbers[i] == 0)
            numbers[i] = 0;
    }
}

void addTo(Xxh3 &checksum, ElementBuffer &values,
           const GDALExtendedDataType &type, std::uint64_t count)
{
    if (type.GetClass() == GEDTC_STRING)
    {
        for (const auto &text : values.strings())
            checksum.add(std::to_string(text.size()) + ":" + text);
        return;
    }
    const auto numeric = type.GetNumericDataType();
    const auto parts = static_cast<std::size_t>(count) *
                       (GDALDataTypeIsComplex(numeric) ? 2 : 1);
    if (numeric == GDT_Float32 || numeric == GDT_CFloat32)
        normalise<float>(values.data(), parts);
    else if (numeric == GDT_Float64 || numeric == GDT_CFloat64)
        normalise<double>(values.data(), parts);
    checksum.add({static_cast<const char *>(values.data()),
                  static_cast<std::size_t>(count) * type.GetSize()});
}

/// Of dates and durations: what readers show as NaT.
bool isNotATime(const TargetArray &array, const char *element,
                GDALDataType type)
{
    const auto &document = array.document;
    if (!looksLikeTime(array.units) && !isDuration(document.attributes))
        return false;
    const auto missing = missingForAllReaders(document);
    const bool isMissing =
        missing && *missing &&
        std::memcmp(element, (*missing)->data(), (*missing)->size()) == 0;
    return isMissing ||
           (type == GDT_Int64 &&
            std::memcmp(element, notATime().data(), sizeof(std::int64_t)) == 0);
}

}  // namespace

ValueComparison::ValueComparison(ReadValues expected, const TargetArray &target,
                                 const Match &match, const Slice &slice)
    : m_expected(std::move(expected)), m_target(target), m_match(match),
      m_slice(slice), m_type(memoryTypeOf(target.document))
{
}

Result<std::optional<ValueDifference>>
ValueComparison::firstInRows(std::uint64_t sliceRow, std::uint64_t targetRow,
                             std::uint64_t rows)
{
    const auto axis = *m_target.axis;
    Extent extent = m_target.document.shape;
    extent[axis] = rows;
    Extent sliceOrigin(extent.size(), 0);
    sliceOrigin[axis] = sliceRow;
    Extent targetOrigin(extent.size(), 0);
    targetOrigin[axis] = targetRow;
    return firstIn(extent, sliceOrigin, targetOrigin);
}

Result<std::optional<ValueDifference>>
ValueComparison::firstIn(const Extent &extent, const Extent &sliceOrigin,
                         const Extent &targetOrigin)
{
    const Extent step =
        blockFor(extent, m_slice.arrays()[*m_match.sliceArray].block);
    std::optional<ValueDifference> difference;
    MDIMAPPEND_RETURN_IF_ERROR(forEachBlock(
        extent, step,
        [&](const Extent &start, const Extent &size) -> Result<bool>
        {
            Extent from = sliceOrigin;
            Extent committed = targetOrigin;
            for (std::size_t i = 0; i < start.size(); ++i)
            {
                from[i] += start[i];
                committed[i] += start[i];
            }
            MDIMAPPEND_ASSIGN(difference, firstInBlock(from, committed, size));
            return !difference;
        }));
    return difference;
}

Result<std::string> ValueComparison::targetChecksum()
{
    return checksumOf(m_expected);
}

Result<std::string> ValueComparison::sliceChecksum()
{
    return checksumOf([&](const Extent &from, const Extent &size, void *values)
                      { return readOffered(from, size, values); });
}

/// The blocks are the target's alone, so that all slices have the same ones.
Result<std::string> ValueComparison::checksumOf(const ReadValues &read) const
{
    const auto &extent = m_target.document.shape;
    const Extent step = blockFor(extent, {});
    Xxh3 checksum;
    MDIMAPPEND_RETURN_IF_ERROR(forEachBlock(
        extent, step,
        [&](const Extent &from, const Extent &size) -> Result<bool>
        {
            const auto elements = elementCount(size);
            ElementBuffer values(m_type, elements);
            MDIMAPPEND_RETURN_IF_ERROR(read(from, size, values.data()));
            addTo(checksum, values, m_type, elements);
            return true;
        }));
    return checksum.digest();
}

/// How many elements of a box of `extent` are compared at a time.
Extent ValueComparison::blockFor(const Extent &extent,
                                 const Extent &sliceBlock) const
{
    const auto &document = m_target.document;
    return blockOfElements(extent, document.chunk, sliceBlock,
                           std::max<std::size_t>(document.dataType.size, 1),
                           compareBudget);
}

Result<std::optional<ValueDifference>>
ValueComparison::firstInBlock(const Extent &from, const Extent &committed,
                              const Extent &size)
{
    const auto count = elementCount(size);
    ElementBuffer expected(m_type, count);
    ElementBuffer offered(m_type, count);
    MDIMAPPEND_RETURN_IF_ERROR(m_expected(committed, size, expected.data()));
    MDIMAPPEND_RETURN_IF_ERROR(readOffered(from, size, offered.data()));
    auto at = firstDifferent(expected, offered, m_type, count);
    if (at == count)
        return std::optional<ValueDifference>();
    ValueDifference difference{from, textOf(expected, at), textOf(offered, at)};
    for (std::size_t axis = size.size(); axis-- > 0;)
    {
        difference.position[axis] += at % size[axis];
        at /= size[axis];
    }
    return std::optional(std::move(difference));
}

std::string ValueComparison::textOf(const ElementBuffer &values,
                                    std::uint64_t at) const
{
    const auto &type = m_type;
    if (type.GetClass() == GEDTC_STRING)
        return "'" + values.strings()[static_cast<std::size_t>(at)] + "'";
    const auto *element = static_cast<const char *>(values.data()) +
                          static_cast<std::size_t>(at) * type.GetSize();
    const auto numeric = type.GetNumericDataType();
    const auto &attributes = m_target.document.attributes;
    if (isNotATime(m_target, element, numeric))
        return "NaT";
    const auto scale = numberMember(attributes, "scale_factor");
    const auto offset = numberMember(attributes, "add_offset");
    if (GDALDataTypeIsInteger(numeric) && !scale && !offset)
    {
        if (numeric == GDT_UInt64)
            return std::to_string(numberAt<std::uint64_t>(element, numeric));
        return std::to_string(numberAt<std::int64_t>(element, numeric));
    }
    const auto number = numberAt<double>(element, numeric);
    return dumpJson(number * scale.value_or(1) + offset.value_or(0), -1);
}

Status ValueComparison::readOffered(const Extent &from, const Extent &size,
                                    void *values)
{
    if (!m_reader)
    {
        MDIMAPPEND_ASSIGN(m_reader, m_slice.reader());
    }
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
