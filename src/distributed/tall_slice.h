// A slice of as many rows as a transaction is going to have, with the arrays of
// one that has fewer: to plan with, before there are any values. Only what does
// not lie along the append dimension can be read.

#pragma once

#include "slice/wrapped_slice.h"

#include <algorithm>

namespace mdimappend
{

class TallSlice final : public WrappedSlice
{
  public:
    /// `like` must outlive this.
    TallSlice(const Slice &like, std::uint64_t rows)
        : WrappedSlice(like), m_like(like), m_rows(rows)
    {
        for (auto &array : m_arrays)
        {
            const auto axis =
                std::ranges::find(array.dimensions, like.appendDim());
            if (axis == array.dimensions.end())
                continue;
            array.shape[static_cast<std::size_t>(
                axis - array.dimensions.begin())] = rows;
            array.document.reset();
        }
    }

    std::uint64_t size() const override
    {
        return m_rows;
    }

    const Slice *labelsLike() const override
    {
        return &m_like;
    }

    std::string fingerprint() const override
    {
        return {};
    }

    bool isOneFile() const override
    {
        return false;
    }

  private:
    const Slice &m_like;
    std::uint64_t m_rows;
};

}  // namespace mdimappend
