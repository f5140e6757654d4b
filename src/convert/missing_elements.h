// Elements that stand for missing besides the one that conversions know.
//
// Most arrays have one missing value, and the loops of number_blocks.h are made
// for that. Where there are more, a block is looked through once more: before
// it is converted, so that they become the one; after, so that no value became
// one of the target's.

#pragma once

#include "convert/number_conversion.h"

#include <gdal.h>

#include <cstddef>
#include <string>
#include <vector>

namespace mdimappend
{

/// Whether what is missing to the slice is so to the target, as it is, and
/// what is a value to the slice is one to the target. NaN is missing to
/// everybody, and stays what it is where nobody says anything.
bool haveSameMissing(const ElementForm &from, const ElementForm &to);

/// Each of `count` elements that equals one of `others` becomes `missing`. All
/// are of the real type `type`, in native byte order.
void makeOne(const std::vector<std::string> &others, const std::string &missing,
             void *elements, std::size_t count, GDALDataType type);

/// Whether one of `count` elements equals one of `others`.
bool holdsOneOf(const std::vector<std::string> &others, const void *elements,
                std::size_t count, GDALDataType type);

}  // namespace mdimappend
