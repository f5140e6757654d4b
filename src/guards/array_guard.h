// The guards: whether a slice may become part of a target, decided before the
// first write. A refusal names array, expected, found, and what to do.

#pragma once

#include "convert/conversion.h"
#include "cube/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// A target array along the append dimension, and the slice's array for it.
struct Match
{
    std::size_t targetArray = 0;
    std::optional<std::size_t> sliceArray;  ///< none: filled
    Conversion conversion;
    std::string fill;  ///< one element, if there is no array; "" for texts
};

struct GuardReport
{
    std::vector<Match> matches;  ///< without the label array
    std::vector<std::string> ignoredArrays;
    std::vector<std::string> warnings;
};

/// Names, order and sizes of dimensions, missing and extra arrays, CRS, types,
/// packing, missing values, units. Failure::Refused, without the slice's name.
Result<GuardReport> checkArrays(const Target &target, const Slice &slice,
                                const AppendOptions &options);

}  // namespace mdimappend
