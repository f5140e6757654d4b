// Where the values of regions come from: the slice, memory, or one element.

#include "chunks/region_reader.h"

#include "chunks/converted_read.h"

#include <cpl_conv.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace mdimappend
{

namespace
{

/// The elements of a slab that some chunks have.
ElementBox elementsOf(const Slab &slab, const ArrayDocument &document,
                      const ChunkBox &chunks)
{
    ElementBox box;
    for (std::size_t i = 0; i < document.rank(); ++i)
    {
        box.low.push_back(chunks.low[i] * document.chunk[i]);
        box.high.push_back(
            std::min(chunks.high[i] * document.chunk[i], slab.shape[i]));
        if (slab.part)
        {
            box.low[i] = std::max(box.low[i], slab.part->low[i]);
            box.high[i] = std::min(box.high[i], slab.part->high[i]);
        }
    }
    return box;
}

/// Elements, or numbers of texts, of a region out of the slab's memory.
/// `inMemory`: where the run's rows begin there.
void copyFromMemory(const Slab &slab, const Region &region, const RowRun &run,
                    std::uint64_t inMemory, const void *memory, void *values,
                    std::size_t elementSize)
{
    Extent origin = region.start;
    Extent shape = slab.shape;
    if (slab.axis)
    {
        const auto axis = *slab.axis;
        origin[axis] += inMemory - run.targetRow;
        shape[axis] = 0;
        for (const auto &each : slab.runs)
            shape[axis] += each.rows;
    }
    const Extent zero(shape.size(), 0);
    copyBox(memory, shape, origin, values, region.size, zero, region.size,
            elementSize);
}

/// Numbers of the texts first, then the texts they stand for.
void copyTextsFromMemory(const Slab &slab, Region &region, const RowRun &run,
                         std::uint64_t inMemory)
{
    std::vector<std::uint64_t> numbers(slab.memoryStrings.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<std::uint64_t> picked(
        static_cast<std::size_t>(elementCount(region.size)));
    copyFromMemory(slab, region, run, inMemory, numbers.data(), picked.data(),
                   sizeof(std::uint64_t));
    auto texts = static_cast<char **>(region.values->data());
    for (std::size_t i = 0; i < picked.size(); ++i)
        texts[i] = CPLStrdup(slab.memoryStrings[picked[i]].c_str());
}

}  // namespace

bool Region::covers(const Extent &origin, const Extent &box) const
{
    for (std::size_t i = 0; i < origin.size(); ++i)
    {
        if (start[i] > origin[i] || start[i] + size[i] < origin[i] + box[i])
            return false;
    }
    return true;
}

void Region::copyTo(const Extent &origin, const Extent &box, void *target) const
{
    const auto rank = box.size();
    Extent inRegion(rank);
    Extent inBox(rank);
    Extent extent(rank);
    for (std::size_t i = 0; i < rank; ++i)
    {
        const auto low = std::max(origin[i], start[i]);
        const auto high = std::min(origin[i] + box[i], start[i] + size[i]);
        if (high <= low)
            return;
        inRegion[i] = low - start[i];
        inBox[i] = low - origin[i];
        extent[i] = high - low;
    }
    copyBox(values->data(), size, inRegion, target, box, inBox, extent,
            values->elementSize());
}

bool RegionReader::hasAllOf(const Extent &origin, const Extent &box) const
{
    return std::ranges::any_of(m_regions, [&](const Region &region)
                               { return region.covers(origin, box); });
}

Result<SliceReader *> RegionReader::reader()
{
    if (!m_reader)
    {
        MDIMAPPEND_ASSIGN(m_reader, m_slice->reader());
    }
    return m_reader.get();
}

Status RegionReader::read(const Slab &slab, const ArrayDocument &document,
                          const ChunkElements &elements, const ChunkBox &chunks)
{
    const Target target{slab, document, elements};
    const auto [start, end] = elementsOf(slab, document, chunks);
    std::size_t used = 0;
    std::uint64_t inMemory = 0;
    for (const auto &run : slab.runs)
    {
        Extent from = start;
        Extent to = end;
        if (slab.axis)
        {
            const auto axis = *slab.axis;
            from[axis] = std::max(start[axis], run.targetRow);
            to[axis] = std::min(end[axis], run.targetRow + run.rows);
            if (from[axis] >= to[axis])
            {
                inMemory += run.rows;
                continue;
            }
        }
        if (used == m_regions.size())
            m_regions.emplace_back();
        Region &region = m_regions[used++];
        region.start = from;
        region.size = to;
        for (std::size_t i = 0; i < from.size(); ++i)
            region.size[i] -= from[i];
        MDIMAPPEND_RETURN_IF_ERROR(fill(target, region, run, inMemory));
        inMemory += run.rows;
    }
    m_regions.resize(used);
    return Status::ok();
}

Status RegionReader::fill(const Target &target, Region &region,
                          const RowRun &run, std::uint64_t inMemory)
{
    const auto &[slab, document, elements] = target;
    const auto count = elementCount(region.size);
    if (region.values)
        region.values->clear();
    if (!region.values || region.capacity < count)
    {
        region.values = std::make_unique<ElementBuffer>(elements.type(), count);
        region.capacity = count;
    }
    if (slab.sliceArray)
        return readSlice(target, region, run);
    if (slab.constant && !elements.areTexts())
        fillElements(region.values->data(), count, slab.constant->data(),
                     elements.size());
    else if (!slab.constant && elements.areTexts())
        copyTextsFromMemory(slab, region, run, inMemory);
    else if (!slab.constant)
        copyFromMemory(slab, region, run, inMemory, slab.memory.data(),
                       region.values->data(), elements.size());
    return Status::ok();
}

Status RegionReader::readSlice(const Target &target, const Region &region,
                               const RowRun &run)
{
    const auto &slab = target.slab;
    Extent start = region.start;
    for (std::size_t i = 0; slab.part && i < start.size(); ++i)
    {
        if (i != slab.axis)
            start[i] -= slab.part->low[i];
    }
    if (slab.axis)
        start[*slab.axis] += run.sliceRow - run.targetRow;
    MDIMAPPEND_ASSIGN(auto *slice, reader());
    return readConverted(*slice,
                         {m_slice->name(), target.document.path,
                          *slab.sliceArray, slab.conversion},
                         start, region.size, region.values->data(),
                         m_unconverted);
}

}  // namespace mdimappend
