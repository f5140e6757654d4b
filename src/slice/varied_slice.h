// A slice some of whose arrays have got its append dimension: what the file has
// once is there for each of its rows.

#pragma once

#include "slice/slice.h"

#include <memory>
#include <set>
#include <string>

namespace mdimappend
{

/// The slice, with its append dimension in front of the arrays of these names.
/// It must have them, without that dimension.
std::unique_ptr<Slice> varied(std::unique_ptr<Slice> slice,
                              const std::set<std::string> &names);

}  // namespace mdimappend
