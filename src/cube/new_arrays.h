// The arrays of a new target, from its first slice and the settings.

#pragma once

#include "cube/labels.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"
#include "zarr/documents.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Those of the slice, and one of labels in front of them where the label was
/// given. `labels` are the slice's. Refuses settings that do not
/// suit an array, Failure::Refused if its dimensions are not those expected.
Result<std::vector<NewArray>>
newArrays(const Slice &slice, const AppendOptions &options,
          const std::string &group, ZarrFormat format, const Labels &labels);

}  // namespace mdimappend
