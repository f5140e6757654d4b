// Arrays without the append dimension that are no coordinates, as `begin` has
// seen them. Of a target that is there they are in the target; of one that the
// transaction makes each is an object of its own in the journal, read by the
// parts that bring some of it.

#pragma once

#include "distributed/session.h"
#include "slice/slice.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

/// Those of the template of a transaction that makes the target.
Status keepStaticsOf(const Slice &likeAll, Storage &storage, const Site &site,
                     const Session &session);

/// What a part's slice has otherwise, from `at` on (by dimension, 0 if it is
/// not named): for each array what is expected and found, its name first.
Result<std::vector<std::string>>
staticDifferencesOfPart(Storage &storage, const Site &site,
                        const Session &session, const Slice &slice,
                        const std::map<std::string, std::uint64_t> &at);

}  // namespace mdimappend
