// One line of a list of slices: the name of a slice as it stands, or, if it
// begins with '{', JSON: {"slice": NAME, "label": TEXT OR NUMBER}.

#pragma once

#include "append/slice_input.h"
#include "status.h"

#include <string>
#include <string_view>

namespace mdimappend
{

/// Failure::Unavailable: its message says only what is wrong with the line, as
/// "is not JSON: ...".
Result<SliceInput> parseSliceLine(std::string_view line);

/// Of a line, what a message can hold: one line of valid UTF-8, not long.
std::string shortenedLine(std::string_view line);

}  // namespace mdimappend
