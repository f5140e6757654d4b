// The append: slices in, one transaction each, in the order given.

#pragma once

#include "append/report.h"
#include "settings/options.h"
#include "surroundings.h"

namespace mdimappend
{

/// Appends all slices. The report's status says how it went; slices before the
/// first failure are in.
Report append(const AppendOptions &options, const Surroundings &around = {});

}  // namespace mdimappend
