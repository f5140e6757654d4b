// What a file is that no driver of GDAL opens: no data at all, perhaps, or a
// file that is not complete yet.

#pragma once

#include "status.h"

#include <string>

namespace mdimappend
{

/// Failure::Refused for what waiting will not change: the file must not be
/// read, or it is a page or a script that somebody stored in place of data.
/// `why`: what the drivers say, without a full stop. Failure::Unavailable for
/// all else.
Status cannotBeOpened(const std::string &path, const std::string &why);

/// Failure::Refused if the file is there and must not be read.
Status checkMayBeRead(const std::string &path);

}  // namespace mdimappend
