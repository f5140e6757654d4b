// Sizes and names of an array's dimensions, as its document has them.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

/// A list of positive integers; `what` names it in messages.
Result<std::vector<std::uint64_t>> positiveSizes(const Json &json,
                                                 const std::string &what);

/// Whether shape, chunks and inner chunks of an array fit each other, and into
/// what GDAL's driver can count.
Status checkSizes(const ArrayDocument &array);

/// One name per dimension, each once, "" for one that has none; an empty list
/// for null.
Result<std::vector<std::string>>
dimensionNames(const Json &names, const std::string &what, std::size_t rank);

}  // namespace mdimappend
