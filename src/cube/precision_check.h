// Whether a slice is packed in much finer steps than the target.

#pragma once

#include "convert/number_conversion.h"
#include "status.h"

namespace mdimappend
{

/// Failure::Refused if the target's step (its scale) is more than 8 times the
/// slice's own, in the same units. Both were chosen to be as fine as the values
/// are known: then 3 bits of them go, most of a decimal digit. Packings that
/// are made anew for each file (from the range of its values) differ by less;
/// one that was made for values of no range, or in other units, by far more.
Status checkPrecision(const NumberConversion &rules);

}  // namespace mdimappend
