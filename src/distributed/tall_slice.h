// A slice of as many rows as a transaction is going to have, with the arrays of
// one that has fewer: to plan with, before there are any values. Only what does
// not lie along the append dimension can be read.

#pragma once

#include "slice/slice.h"

#include <algorithm>

namespace mdimappend
{

class TallSlice final : public Slice
{
  public:
    /// `like` must outlive this.
    TallSlice(const Slice &like, std::uint64_t rows)
        : m_like(like), m_rows(rows), m_arrays(like.arrays())
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

    const std::string &name() const override
    {
        return m_like.name();
    }

    const std::string &appendDim() const override
    {
        return m_like.appendDim();
    }

    const std::vector<SliceArray> &arrays() const override
    {
        return m_arrays;
    }

    const Json &attributes() const override
    {
        return m_like.attributes();
    }

    std::uint64_t size() const override
    {
        return m_rows;
    }

    const std::optional<GivenLabel> &givenLabel() const override
    {
        return m_like.givenLabel();
    }

    const Slice *labelsLike() const override
    {
        return &m_like;
    }

    Result<std::unique_ptr<SliceReader>> reader() const override
    {
        return m_like.reader();
    }

    void closeFiles() const override
    {
        m_like.closeFiles();
    }

    std::string fingerprint() const override
    {
        return {};
    }

    std::string changed() const override
    {
        return m_like.changed();
    }

  private:
    const Slice &m_like;
    std::uint64_t m_rows;
    std::vector<SliceArray> m_arrays;
};

}  // namespace mdimappend
