// Writing slabs into the stage of a transaction that others write to as well.

#pragma once

#include "chunks/pipeline.h"
#include "distributed/written_part.h"

#include <functional>
#include <string>
#include <vector>

namespace mdimappend
{

struct PartOfTransaction
{
    const Site &site;
    Storage &storage;
    std::string transaction;
    std::string part;   ///< a name that no other has
    bool syncs = true;  ///< else the commit makes it durable
};

/// Writes the slabs' chunks; returns what was written. `arrays`: of the slabs,
/// each with the chunks that this part writes. `threads`: 0 = as many as the
/// work is worth. `progress`: called with the fraction done; false stops.
Result<WrittenPart> stageSlabs(const PartOfTransaction &where,
                               std::vector<View::Array> arrays,
                               const Slice *slice,
                               const std::vector<Slab> &slabs, int threads,
                               const std::function<bool(double)> &progress);

}  // namespace mdimappend
