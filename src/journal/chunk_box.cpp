// Counts, finds and numbers the chunks of a box.

#include "journal/chunk_box.h"

namespace mdimappend
{

std::uint64_t ChunkBox::count() const
{
    std::uint64_t product = 1;
    bool fits = true;
    for (std::size_t i = 0; i < low.size(); ++i)
    {
        if (high[i] <= low[i])
            return 0;
        fits = fits &&
               !__builtin_mul_overflow(product, high[i] - low[i], &product);
    }
    return fits ? product : tooMany;
}

bool ChunkBox::contains(const ChunkIndex &index) const
{
    if (index.size() != low.size())
        return false;
    for (std::size_t i = 0; i < low.size(); ++i)
    {
        if (index[i] < low[i] || index[i] >= high[i])
            return false;
    }
    return true;
}

std::uint64_t ChunkBox::position(const ChunkIndex &index) const
{
    std::uint64_t position = 0;
    for (std::size_t i = 0; i < low.size(); ++i)
        position = position * (high[i] - low[i]) + (index[i] - low[i]);
    return position;
}

ChunkIndex ChunkBox::at(std::uint64_t position) const
{
    ChunkIndex index(low.size());
    for (std::size_t i = low.size(); i-- > 0;)
    {
        const auto extent = high[i] - low[i];
        index[i] = low[i] + position % extent;
        position /= extent;
    }
    return index;
}

}  // namespace mdimappend
