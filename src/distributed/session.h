// What all parts of one transaction have to know, and its commit: made by
// `begin`, kept in the journal (`session`, beside the coordinates,
// session_coordinates.h) until the transaction is committed or given up.

#pragma once

#include "chunks/chunk_grid.h"
#include "cube/target.h"
#include "distributed/written_part.h"
#include "journal/document_state.h"
#include "settings/options.h"
#include "transaction/transaction.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// An array that the transaction writes.
struct SessionArray
{
    std::size_t array = 0;  ///< in the target
    ElementBox window;      ///< what of it is written
    Extent committed;       ///< the shape before
    bool byParts = false;   ///< else `begin` has written it
};

struct Session
{
    std::string transaction;
    std::string group;
    AppendOptions options;  ///< without target and slices
    bool creates = false;
    bool createsStore = false;
    /// Replaces values within the shape; nothing grows.
    bool isRegion = false;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;
    Target target;  ///< as it will be
    std::vector<SessionArray> arrays;
    /// The documents that change, in the order in which they appear; as they
    /// will be they are the target's.
    std::vector<std::string> order;
    std::uint64_t atOnce = 0;
    Documents base;
    std::vector<std::string> deletions;
    /// For the log: the target's documents and its group's attributes.
    DocumentState documentsBefore;
    DocumentState documentsAfter;
    Json attributesBefore;
    Json attributesAfter;
    /// The labels of the rows that are written, if `begin` has been told.
    std::optional<CarriedRows> labels;
    bool labelsOrdered = false;
    std::string firstLabel;
    std::string lastLabel;
    WrittenPart begun;  ///< what `begin` itself has written
    /// What the process that has begun it makes durable with the commit; parts
    /// within this reach (Storage::barrierReach) do not. "": each does so
    /// itself.
    std::string syncedByCommit;

    /// Whether a part that is written there makes itself durable.
    bool syncsItself(const Storage &storage) const
    {
        return syncedByCommit.empty() ||
               storage.barrierReach() != syncedByCommit;
    }

    const SessionArray *find(const std::string &name) const;

    /// Of the target's array with this path; as many as there are arrays if
    /// there is none.
    std::size_t numberOf(const std::string &path) const;

    const TargetArray &targetArray(const SessionArray &array) const
    {
        return target.arrays[array.array];
    }
};

/// The place of a dimension among an array's.
std::optional<std::size_t> axisOf(const ArrayDocument &document,
                                  const std::string &dimension);

/// Where what is kept of an array lies in the journal: `kind`, and a hash of
/// the array's name.
std::string keptPath(const Site &site, const std::string &transaction,
                     const std::string &kind, const std::string &array);

/// Where the transaction begins along a dimension.
std::uint64_t beginAlong(const Session &session, const std::string &dimension);

/// An array of the private view for a box of it. `stagesAll`: nothing is put at
/// keys of the store before the decision.
View::Array viewArray(const TargetArray &array, const SessionArray &written,
                      const ElementBox &box, bool stagesAll);

/// All that the commit does but for the chunks' contents.
Intent intentOf(const Session &session);

Status writeSession(Storage &storage, const Site &site, const Session &session);

/// Failure::Error if there is none (any more). A process that writes many parts
/// of a transaction reads it once, where a look tells that it is the same.
Result<std::shared_ptr<const Session>>
readSession(Storage &storage, const Site &site, const std::string &transaction);

}  // namespace mdimappend
