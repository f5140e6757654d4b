// Files of ours that are whole objects in memory.

#pragma once

#include "vsi/vsi_file.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace mdimappend
{

/// A file to read, of these bytes.
VsiFile fileOfBytes(std::string bytes);

/// The same of bytes that others have, too.
VsiFile fileOfBytes(std::shared_ptr<const std::string> bytes);

/// Called once with all that was written; false makes closing fail.
using TakeBytes = std::function<bool(std::string_view bytes)>;

/// A file to write, at any position; `take` is called when it is closed.
VsiFile fileForBytes(TakeBytes take);

}  // namespace mdimappend
