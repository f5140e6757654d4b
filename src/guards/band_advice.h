// What to do about bands that come in a file each.

#pragma once

#include "slice/slice.h"

#include <string>

namespace mdimappend
{

/// How files of one band each become one slice; nothing if the slice is not a
/// raster whose bands have no names.
std::string bandAdvice(const Slice &slice);

}  // namespace mdimappend
