// A box of one of a slice's arrays, read and converted.

#pragma once

#include "convert/conversion.h"
#include "slice/copy_box.h"
#include "slice/slice.h"
#include "status.h"

#include <cstddef>
#include <string>
#include <vector>

namespace mdimappend
{

struct ConvertedArray
{
    const std::string &slice;  ///< its name, for messages
    const std::string &array;  ///< the target's path, for messages
    std::size_t number = 0;    ///< in the slice
    const Conversion &conversion;
};

/// Reads the box into `values`, as elements of the target. `room`: for what was
/// read and has to be converted.
Status readConverted(SliceReader &reader, const ConvertedArray &from,
                     const Extent &start, const Extent &size, void *values,
                     std::vector<char> &room);

}  // namespace mdimappend
