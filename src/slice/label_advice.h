// What to do about a slice whose append dimension or label was not found.

#pragma once

#include "slice/slice_source.h"

#include <string>

namespace mdimappend
{

/// "(--label, or --label-from 'name:*%Y%m%d*' for the date in its name)", with
/// a pattern that finds the date of this very name, if one does.
std::string labelAdvice(const std::string &sliceName);

/// " Its 'valid_time' is a time: --rename valid_time=time calls it so.", if
/// there is one such dimension or scalar; else nothing.
std::string renameAdvice(const SourceContents &contents,
                         const std::string &wanted);

}  // namespace mdimappend
