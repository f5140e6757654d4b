// What the receipts of a commit stand for, put together: which chunks there
// are, which rows the commit has to write itself, and what is missing.

#pragma once

#include "chunks/slab.h"
#include "distributed/carried_rows.h"
#include "distributed/session.h"
#include "distributed/written_part.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace mdimappend
{

class CollectedParts
{
  public:
    explicit CollectedParts(const Session &session);

    /// The same part twice is the same as once. Failure::Refused: a chunk, or a
    /// row, that another part has brought with other contents.
    Status add(const WrittenPart &written);

    /// Failure::Refused: what no part has brought.
    Status checkComplete() const;

    /// Tells the transaction's view which chunks there are. It has their
    /// records from then on.
    Status giveTo(View &view);

    /// Rows that were carried: chunks of theirs are written by the commit.
    std::vector<Slab> carriedSlabs() const;

    /// Those that parts have brought, in order; nothing if `begin` was told.
    std::optional<CarriedRows> labels() const;

    std::uint64_t alteredValues() const
    {
        return m_alteredValues;
    }

    /// What slices of parts have otherwise than the target.
    const std::set<std::string> &ignoredStatic() const
    {
        return m_ignoredStatic;
    }

    /// Of `begin` and of slices of parts, each text once.
    const std::vector<std::string> &warnings() const
    {
        return m_warnings;
    }

    const std::map<std::string, double> &roundings() const
    {
        return m_roundings;
    }

    /// How many parts each slice has brought, by its name.
    const std::map<std::string, std::uint64_t> &slices() const
    {
        return m_slices;
    }

  private:
    struct Chunk
    {
        std::optional<std::size_t> part;  ///< whose it is
        ChunkRecord record{};
        std::string stagedVersion{};
    };

    struct Array
    {
        ChunkBox box;
        std::vector<Chunk> chunks;
        RowsOfParts rows;
    };

    Status addChunk(std::size_t number, const WrittenChunk &chunk);
    bool hasForm(std::size_t number, const CarriedRows &rows) const;
    Status addRows(std::size_t number, const CarriedRows &rows);
    Status checkRows(std::size_t number) const;
    Status checkChunks(std::size_t number) const;
    RowRange rowsOf(std::size_t number, const ChunkIndex &index) const;
    const TargetArray &targetArray(std::size_t number) const;

    const Session &m_session;
    std::vector<Array> m_arrays;
    std::map<std::string, std::size_t> m_numbers;  ///< of arrays, by path
    std::vector<std::string> m_parts;
    std::unordered_set<std::string> m_known;  ///< the parts again
    std::uint64_t m_alteredValues = 0;
    std::set<std::string> m_ignoredStatic;
    std::vector<std::string> m_warnings;
    std::map<std::string, double> m_roundings;
    std::map<std::string, std::uint64_t> m_slices;
};

}  // namespace mdimappend
