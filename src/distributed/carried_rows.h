// The rows of one array that parts have carried to the commit: each once,
// whatever pieces they came in.

#pragma once

#include "chunks/slab.h"
#include "distributed/written_part.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace mdimappend
{

class RowsOfParts
{
  public:
    bool empty() const
    {
        return m_pieces.empty();
    }

    /// False if some of them are here already, with other values. Nothing is
    /// added then.
    bool add(const CarriedRows &rows);

    /// Whether there are any of them.
    bool hasAnyOf(const RowRange &range) const;

    /// From the first of them that is missing to the next one that is not;
    /// nothing if all are here.
    std::optional<RowRange> missingOf(const RowRange &range) const;

    /// All, in order, one after the other.
    CarriedRows joined() const;

    /// Where they go.
    std::vector<RowRun> runs() const;

  private:
    using Pieces = std::map<std::uint64_t, CarriedRows>;

    /// The first piece that ends after this row.
    Pieces::const_iterator endingAfter(std::uint64_t row) const;

    Pieces m_pieces;  ///< by first row, none twice
};

}  // namespace mdimappend
