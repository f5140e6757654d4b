// Reads and decodes the blocks that a box touches, and copies what they have in
// common with it.

#include "slice/hdf5_block_reader.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// For shorter runs of contiguous values the library is as fast.
constexpr std::uint64_t shortestRun = 4096;

}  // namespace

Hdf5BlockReader::Hdf5BlockReader(std::shared_ptr<const Hdf5Blocks> blocks)
    : m_blocks(std::move(blocks)), m_file(VsiFile::open(m_blocks->file()))
{
}

bool Hdf5BlockReader::readAt(std::uint64_t offset, void *buffer,
                             std::size_t size)
{
    return m_file && m_file.readAt(offset, buffer, size);
}

bool Hdf5BlockReader::read(std::span<const std::uint64_t> from,
                           std::span<const std::uint64_t> extent, void *buffer)
{
    const Extent start(from.begin(), from.end());
    const Extent count(extent.begin(), extent.end());
    if (m_blocks->contiguous())
        return readContiguous(start, count, static_cast<char *>(buffer));
    const auto &block = m_blocks->block();
    const auto rank = start.size();
    Extent first(rank);
    Extent end(rank);
    for (std::size_t i = 0; i < rank; ++i)
    {
        first[i] = start[i] / block[i];
        end[i] = (start[i] + count[i] - 1) / block[i] + 1;
    }
    Extent index = first;
    if (m_blocks->isBlock(start, count) && m_index != index)
        return decode(index, static_cast<char *>(buffer));
    while (true)
    {
        if (!readBlock(index))
            return false;
        copyPart(index, start, count, buffer);
        std::size_t axis = rank;
        while (axis > 0 && ++index[axis - 1] == end[axis - 1])
        {
            --axis;
            index[axis] = first[axis];
        }
        if (axis == 0)
            return true;
    }
}

/// What the block in m_decoded has in common with a box.
void Hdf5BlockReader::copyPart(const Extent &index, const Extent &start,
                               const Extent &count, void *buffer) const
{
    const auto &block = m_blocks->block();
    const auto rank = start.size();
    Extent inBlock(rank);
    Extent inBuffer(rank);
    Extent common(rank);
    for (std::size_t i = 0; i < rank; ++i)
    {
        const auto origin = index[i] * block[i];
        const auto low = std::max(origin, start[i]);
        inBlock[i] = low - origin;
        inBuffer[i] = low - start[i];
        common[i] = std::min(origin + block[i], start[i] + count[i]) - low;
    }
    copyBox(m_decoded.bytes(), block, inBlock, buffer, count, inBuffer, common,
            m_blocks->elementSize());
}

bool Hdf5BlockReader::readContiguous(const Extent &start, const Extent &count,
                                     char *buffer)
{
    const auto &shape = m_blocks->shape();
    // Trailing dimensions that are read whole make one run.
    std::size_t outer = shape.size() - 1;
    std::uint64_t run = count[outer] * m_blocks->elementSize();
    while (outer > 0 && count[outer] == shape[outer])
        run *= count[--outer];
    if (run < shortestRun)
        return false;
    Extent stride(shape.size(), m_blocks->elementSize());
    for (std::size_t i = shape.size() - 1; i > 0; --i)
        stride[i - 1] = stride[i] * shape[i];
    Extent index(outer, 0);
    while (true)
    {
        std::uint64_t offset = *m_blocks->contiguous();
        for (std::size_t i = 0; i < shape.size(); ++i)
            offset += (start[i] + (i < outer ? index[i] : 0)) * stride[i];
        if (!readAt(offset, buffer, static_cast<std::size_t>(run)))
            return false;
        buffer += run;
        std::size_t axis = outer;
        while (axis > 0 && ++index[axis - 1] == count[axis - 1])
            index[--axis] = 0;
        if (axis == 0)
            return true;
    }
}

char *Hdf5BlockReader::Room::room(std::size_t size)
{
    if (size > m_size)
    {
        m_bytes = std::make_unique_for_overwrite<char[]>(size);
        m_size = size;
    }
    return m_bytes.get();
}

/// Leaves it in m_decoded, where it stays for the next box that has a part of
/// it.
bool Hdf5BlockReader::readBlock(const Extent &index)
{
    if (m_index == index)
        return true;
    m_index.clear();
    if (!decode(index, m_decoded.room(m_blocks->blockBytes())))
        return false;
    m_index = index;
    return true;
}

bool Hdf5BlockReader::decode(const Extent &index, char *block)
{
    const auto &place = m_blocks->place(index);
    const auto size = m_blocks->blockBytes();
    // No filter makes twice as much of it.
    if (place.offset == Hdf5Blocks::absent || place.size > 2 * size + 4096)
        return false;
    std::vector<Hdf5Filter> steps;
    const auto &filters = m_blocks->filters();
    for (std::size_t i = filters.size(); i-- > 0;)
    {
        if (!(place.skippedFilters >> i & 1))
            steps.push_back(filters[i]);
    }
    auto held = static_cast<std::size_t>(place.size);
    if (steps.empty())
        return held == size && readAt(place.offset, block, size);
    char *from = m_scratch[0].room(held);
    if (!readAt(place.offset, from, held))
        return false;
    for (std::size_t i = 0; i < steps.size(); ++i)
    {
        const bool isLast = i + 1 == steps.size();
        char *to = isLast ? block : m_scratch[(i + 1) % 2].room(size);
        if (steps[i] != Hdf5Filter::Shuffle)
        {
            if (!decompressHdf5(steps[i], from, held, to, size))
                return false;
            held = size;
        }
        else if (held == size)
        {
            unshuffleHdf5(from, to, size, m_blocks->elementSize());
        }
        else
        {
            return false;
        }
        from = to;
    }
    return true;
}

}  // namespace mdimappend
