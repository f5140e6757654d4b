// Where the rows of a cube after a commit come from: runs of rows that the cube
// had, and of rows that slices bring, in the order of the cube after. Pure
// arithmetic.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

class RowMap
{
  public:
    struct Run
    {
        /// The number of a slice; nothing: the cube before.
        std::optional<std::size_t> slice;
        std::uint64_t sourceRow = 0;
        std::uint64_t rows = 0;

        bool operator==(const Run &) const = default;
    };

    /// All rows of a cube, as they are.
    explicit RowMap(std::uint64_t rows);

    /// Rows of a slice, at `targetRow` on: in the place of those that are
    /// there, and beyond them. Not beyond a gap.
    void put(std::size_t slice, std::uint64_t sourceRow,
             std::uint64_t targetRow, std::uint64_t rows);

    std::uint64_t rows() const
    {
        return m_rows;
    }

    const std::vector<Run> &runs() const
    {
        return m_runs;
    }

    /// "cube 0:10", "slice 0 3:4": indices from the first up to, but not
    /// including, the last.
    std::vector<std::string> texts() const;

  private:
    std::vector<Run> m_runs;
    std::uint64_t m_rows;
};

}  // namespace mdimappend
