// Rows of a chunk that is stored already: put into it without decoding the
// rest of it, where its codec allows that.

#pragma once

#include "zarr/array_document.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

/// The object of a chunk with other rows along the first axis, from `firstRow`
/// on; `rows` are whole rows of the chunk as they lie in memory. Nothing if the
/// object is not what it should be, is not encoded by Blosc alone, or is as
/// well decoded as a whole.
std::optional<std::string> replaceRows(const ArrayDocument &array,
                                       std::string_view object,
                                       std::uint64_t firstRow,
                                       std::string_view rows);

}  // namespace mdimappend
