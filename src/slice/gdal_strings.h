// Strings as GDAL's arrays give them: allocated by it, possibly null, in
// whatever encoding the file has.

#pragma once

#include "status.h"

#include <gdal_multidim.h>

#include <cstddef>

namespace mdimappend
{

/// Makes each of them UTF-8; "" of null.
void makeValid(char **strings, std::size_t count);

/// Frees each of them, and leaves null in its place.
void freeStrings(void *buffer, std::size_t count);

/// Reads a whole array's strings and returns the longest, in characters.
/// `cutAt`: where the driver cuts texts of more bytes; 0: it does not.
/// Failure::Refused: one may have been cut.
Result<std::size_t> longestString(const GDALMDArray &array, std::size_t cutAt);

}  // namespace mdimappend
