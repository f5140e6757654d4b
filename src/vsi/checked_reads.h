// Files that are read through ours, which tells of each read that brought less
// than the file has: GDAL's drivers may take that for an end.

#pragma once

#include "vsi/vsi_file.h"

#include <cstdint>
#include <functional>
#include <string>

namespace mdimappend
{

/// Called with what went wrong; possibly by several threads at once.
using TellFailure = std::function<void(const std::string &what)>;

/// `file`, which is at `path`.
VsiFile checkedFile(VsiFile file, const std::string &path, TellFailure tell);

/// `file`, which may be empty, as one of exactly `size` bytes: zeros stand for
/// those that cannot be read, whose failure is told. For those who wait for
/// bytes for ever.
VsiFile fileOfSize(VsiFile file, std::uint64_t size, TellFailure tell);

}  // namespace mdimappend
