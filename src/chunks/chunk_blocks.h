// A slab cut into blocks of chunks, each for one worker at a time: so large
// that a block of the source is decoded once, and so small that all workers
// have some and memory is bounded. No list of them is ever made.

#pragma once

#include "chunks/slab.h"
#include "transaction/view.h"

#include <cstddef>
#include <cstdint>

namespace mdimappend
{

class ChunkBlocks
{
  public:
    /// `waitingThreads`: where putting a chunk is waiting for an answer, so
    /// many threads are to have blocks; else 0. The slab's array must be in the
    /// view, and the slab must outlive this.
    ChunkBlocks(const View &view, const Slab &slab, int waitingThreads);

    const Slab &slab() const
    {
        return *m_slab;
    }

    /// The number of the slab's array in the view.
    std::size_t array() const
    {
        return m_array;
    }

    std::uint64_t count() const
    {
        return m_count;
    }

    /// The chunks of block `number` < count().
    ChunkBox block(std::uint64_t number) const;

  private:
    ChunkBox gridOf(const ChunkBox &box) const;

    const Slab *m_slab;
    std::size_t m_array;
    Extent m_blockChunks;
    std::uint64_t m_count = 0;
};

}  // namespace mdimappend
