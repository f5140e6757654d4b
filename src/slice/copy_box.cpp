// Copies a box from one C-ordered buffer to another, in runs as long as
// possible.

#include "slice/copy_box.h"

#include <cstring>

namespace mdimappend
{

std::uint64_t elementCount(const Extent &extent)
{
    std::uint64_t count = 1;
    for (const auto size : extent)
        count *= size;
    return count;
}

namespace
{

/// How many bytes lie between neighbours along each axis.
std::vector<std::size_t> stridesOf(const Extent &shape, std::size_t elementSize)
{
    std::vector<std::size_t> strides(shape.size());
    std::size_t step = elementSize;
    for (std::size_t i = shape.size(); i-- > 0;)
    {
        strides[i] = step;
        step *= static_cast<std::size_t>(shape[i]);
    }
    return strides;
}

std::size_t offsetOf(const Extent &origin,
                     const std::vector<std::size_t> &strides)
{
    std::size_t offset = 0;
    for (std::size_t i = 0; i < strides.size(); ++i)
        offset += static_cast<std::size_t>(origin[i]) * strides[i];
    return offset;
}

}  // namespace

void copyBox(const void *source, const Extent &sourceShape,
             const Extent &sourceOrigin, void *target,
             const Extent &targetShape, const Extent &targetOrigin,
             const Extent &extent, std::size_t elementSize)
{
    const std::size_t rank = extent.size();
    if (elementCount(extent) == 0)
        return;
    // Trailing dimensions that are whole on both sides make one run.
    std::size_t outer = rank;
    std::size_t run = elementSize;
    while (outer > 0)
    {
        --outer;
        run *= static_cast<std::size_t>(extent[outer]);
        if (extent[outer] != sourceShape[outer] ||
            extent[outer] != targetShape[outer])
            break;
    }
    const auto sourceStride = stridesOf(sourceShape, elementSize);
    const auto targetStride = stridesOf(targetShape, elementSize);
    auto from = static_cast<const char *>(source) +
                offsetOf(sourceOrigin, sourceStride);
    auto to =
        static_cast<char *>(target) + offsetOf(targetOrigin, targetStride);
    std::vector<std::uint64_t> index(outer, 0);
    while (true)
    {
        std::memcpy(to, from, run);
        std::size_t axis = outer;
        while (axis > 0)
        {
            --axis;
            if (++index[axis] < extent[axis])
            {
                from += sourceStride[axis];
                to += targetStride[axis];
                break;
            }
            from -= sourceStride[axis] * (extent[axis] - 1);
            to -= targetStride[axis] * (extent[axis] - 1);
            index[axis] = 0;
            if (axis == 0)
                return;
        }
        if (outer == 0)
            return;
    }
}

}  // namespace mdimappend
