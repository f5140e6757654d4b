// What a transaction is going to do, before it has done any of it.

#pragma once

#include "journal/records.h"
#include "transaction/view_array.h"
#include "zarr/documents.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

/// All that a transaction is going to do.
struct Intent
{
    std::vector<ViewArray> arrays;
    /// The documents that will change, as they are now; those that do not exist
    /// are not in it.
    Documents base;
    /// The same documents as they will be.
    Documents next;
    /// The keys of `next` in the order in which they are to appear.
    std::vector<std::string> order;
    /// So many of them, the first ones, may appear in any order.
    std::uint64_t atOnce = 0;
    /// Objects to be removed with the commit (stale tile-presence caches).
    std::vector<std::string> deletions;
    /// The groups that all this is about, if they are several.
    std::vector<std::string> members{};
};

/// A chunk put at its key by a writer that has lost its lease unawares could
/// meet another's. What is staged is nobody else's, and moves only once.
void stageAll(PlannedArray &array);

/// Adds chunks to those that a plan names. False if it named them already.
/// Where boxes go on growing in one direction, the plan names as many chunks
/// ahead as there are: so it is written anew for each doubling of a batch, not
/// for each slice.
bool planAhead(std::vector<ChunkBox> &planned,
               const std::vector<ChunkBox> &added);

}  // namespace mdimappend
