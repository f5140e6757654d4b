// The model of a target that does not exist yet, from its first slice.

#pragma once

#include "cube/labels.h"
#include "cube/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

struct NewTarget
{
    Target target;        ///< as it will be; sizes are the slice's
    Documents documents;  ///< of a new store, or those added and changed
    std::vector<std::string> order;  ///< in which they are to appear
    std::vector<std::string> warnings;
};

/// `labels` are the slice's; `existing` is the store, if there is one that gets
/// a new group. The group's attributes are left empty.
Result<NewTarget> modelNewTarget(const Slice &slice,
                                 const AppendOptions &options, const Site &site,
                                 const Labels &labels, const Target &existing);

}  // namespace mdimappend
