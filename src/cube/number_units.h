// How values in a slice's units become such in the target's.

#pragma once

#include "cube/target.h"
#include "slice/slice.h"
#include "status.h"
#include "units/unit_conversion.h"

#include <optional>
#include <string>

namespace mdimappend
{

/// Nothing: the values are taken as they are. Failure::Refused if the units do
/// not measure the same thing, or if a difference (of temperatures, say) would
/// be taken for a value, or a value for a difference.
Result<std::optional<UnitConversion>>
unitConversion(const std::string &from, const Json &slice,
               const std::string &to, const Json &target, bool ignoreUnits);

}  // namespace mdimappend
