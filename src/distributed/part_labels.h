// The labels of a part, as the target stores them.

#pragma once

#include "cube/labels.h"
#include "distributed/session.h"
#include "slice/slice.h"

namespace mdimappend
{

/// Failure::Refused if the target cannot hold them exactly.
Result<CarriedRows> carriedLabels(const Labels &labels,
                                  const TargetArray &array,
                                  std::uint64_t first);

/// Those that the slice has, for the rows from `first` on; nothing if it has
/// none. Failure::Refused, without the slice's name, if `begin` was told others
/// for these rows, or if nobody has told any.
Result<std::optional<CarriedRows>>
labelsOfPart(const Session &session, const Slice &slice, std::uint64_t first);

}  // namespace mdimappend
