// Reads rows as the target stores them, or says where parts may be cut.

#include "distributed/part_rows.h"

#include "chunks/converted_read.h"
#include "cube/open_target.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// Dates, bounds of cells, orbit numbers.
constexpr std::uint64_t largestRowCarried = 4096;

std::string rangeText(const ElementBox &box, std::size_t dimension)
{
    return std::to_string(box.low[dimension]) + " to " +
           std::to_string(box.high[dimension]);
}

Status refuseShared(const Slice &slice, const PartArray &part,
                    const TargetArray &target)
{
    const auto &document = target.document;
    const auto &window = part.written->window;
    std::string where;
    for (std::size_t i = 0; i < document.rank(); ++i)
    {
        const auto chunk = document.chunk[i];
        const auto border = [&](std::uint64_t at)
        {
            return at % chunk == 0 || at == window.low[i] ||
                   at == window.high[i];
        };
        if (!border(part.box.low[i]) || !border(part.box.high[i]))
            where += (where.empty() ? "" : ", ") + document.dimensions[i] +
                     " " + rangeText(part.box, i) + " (chunks have " +
                     std::to_string(chunk) + ")";
    }
    return refused("slice '" + slice.name() + "': " + "array '" + target.name +
                   "': " + "this part shares chunks with others: " + where +
                   ". Cut the parts at borders of chunks.");
}

}  // namespace

Result<CarriedRows> carriedRows(const Slice &slice, const PartArray &part,
                                const TargetArray &target)
{
    const auto axis = *target.axis;
    const auto &document = target.document;
    std::uint64_t rowSize = std::max<std::size_t>(document.dataType.size, 1);
    bool hasAll = true;
    for (std::size_t i = 0; i < document.rank(); ++i)
    {
        if (i == axis)
            continue;
        rowSize *= document.shape[i];
        hasAll = hasAll && part.box.low[i] == part.written->window.low[i] &&
                 part.box.high[i] == part.written->window.high[i] &&
                 part.box.high[i] - part.box.low[i] == document.shape[i];
    }
    if (!hasAll || rowSize > largestRowCarried || axis != 0 ||
        document.dataType.isString())
        return refuseShared(slice, part, target);
    const Extent shape = slice.arrays()[part.sliceArray].shape;
    MDIMAPPEND_RETURN_IF_ERROR(checkReadWhole(target.name, shape));
    const auto count = static_cast<std::size_t>(elementCount(shape));
    CarriedRows rows;
    rows.first = part.box.low[axis];
    rows.rows = shape[axis];
    rows.values.resize(count * document.dataType.size);
    MDIMAPPEND_ASSIGN(const auto reader, slice.reader());
    std::vector<char> room;
    MDIMAPPEND_RETURN_IF_ERROR(readConverted(
        *reader,
        {slice.name(), document.path, part.sliceArray, part.conversion},
        Extent(shape.size(), 0), shape, rows.values.data(), room));
    return rows;
}

}  // namespace mdimappend
