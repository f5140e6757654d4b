// The file system through which GDAL's drivers read slices:
// /vsimdimappend_slice/<opening>/<path>. Internal to checked_files.

#pragma once

#include "slice/checked_opening.h"
#include "vsi/mounts.h"

#include <memory>
#include <string_view>

namespace mdimappend
{

inline constexpr std::string_view checkedPrefix = "/vsimdimappend_slice/";

using CheckedOpenings = Mounts<std::shared_ptr<CheckedOpening>>;

/// Those that exist. The first call makes the file system.
CheckedOpenings &checkedOpenings();

}  // namespace mdimappend
