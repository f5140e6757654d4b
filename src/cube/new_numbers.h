// How a new target stores numbers: type, packing, and what stands for missing.

#pragma once

#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"
#include "zarr/documents.h"

#include <string>

namespace mdimappend
{

/// As the slice has them, but for what the settings say. A missing value that
/// the type or the packing has no room for becomes NaN, or the code least
/// missed. Refuses settings that do not fit the
/// array.
Status encodeNumbers(NewArray &array, const SliceArray &source,
                     const ArrayEncoding &asked);

/// Takes out what the slice's attributes say in terms of other numbers
/// (`otherNumbers`), or other codes for the same, than the array has.
void leaveBehind(NewArray &array, bool otherNumbers, bool otherCodes);

/// Takes the missing value of the settings, if they have one.
Status setAskedMissing(NewArray &array, const std::string &name,
                       const ArrayEncoding &asked);

}  // namespace mdimappend
