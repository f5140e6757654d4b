// The model of a target that does not exist yet, from its first slice.

#pragma once

#include "cube/labels.h"
#include "cube/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <optional>

namespace mdimappend
{

struct NewTarget
{
    Target target;        ///< as it will be; sizes are the slice's
    Documents documents;  ///< of a new store, or those added and changed
    std::vector<std::string> order;  ///< in which they are to appear
};

/// `labels` are the slice's; `existing` is the store, if there is one that gets
/// a new group. The group's attributes are left empty.
Result<NewTarget> modelNewTarget(const Slice &slice,
                                 const AppendOptions &options, const Site &site,
                                 const Labels &labels, const Target &existing);

/// Chunks for an array of `shape`: along `axis` its whole size, along the
/// others the source's blocks if the chunk then has 1 to 64 MiB, else an even
/// split of at most 16 MiB. Arrays along the append dimension alone get 1024.
std::vector<std::uint64_t> defaultChunk(const std::vector<std::uint64_t> &shape,
                                        const std::vector<std::uint64_t> &block,
                                        std::optional<std::size_t> axis,
                                        std::size_t elementSize);

}  // namespace mdimappend
