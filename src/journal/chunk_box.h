// A range of chunk indices of one array.

#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace mdimappend
{

using ChunkIndex = std::vector<std::uint64_t>;

/// The chunk indices i with low <= i < high, in every dimension. A box of no
/// dimensions holds the one chunk of a scalar array.
struct ChunkBox
{
    ChunkIndex low;
    ChunkIndex high;

    static constexpr auto tooMany = std::numeric_limits<std::uint64_t>::max();

    /// `tooMany` if it does not fit.
    std::uint64_t count() const;
    bool contains(const ChunkIndex &index) const;
    /// Position of an index in C order, and back.
    std::uint64_t position(const ChunkIndex &index) const;
    ChunkIndex at(std::uint64_t position) const;
};

}  // namespace mdimappend
