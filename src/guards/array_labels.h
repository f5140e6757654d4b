// Labels as arrays hold them: those of a slice, and how the target's array
// stores any.

#pragma once

#include "cube/labels.h"
#include "cube/target.h"
#include "slice/slice.h"
#include "status.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mdimappend
{

/// How a target's label array stores labels.
LabelForm labelForm(const TargetArray &array);

/// The labels of a slice, from its label array; Kind::None if it has none.
Result<Labels> sliceLabels(const Slice &slice);

/// The same for a target that is there, or the label that the slice was given,
/// in the form of the target's label array.
Result<Labels> sliceLabels(const Slice &slice, const TargetArray &array);

/// Why a slice without labels cannot be appended to a target that has them in
/// `array`, and what to do.
std::string noLabels(const Slice &slice, const TargetArray &array);

/// Labels that are durations, in the unit of the target's label array, exactly
/// or refused; others as they are.
Result<Labels> inUnitOf(const TargetArray &target, const Slice &slice,
                        Labels labels);

/// Labels in the calendar of the target's label array.
Result<Labels> inCalendarOf(const Target &target, Labels labels);

/// The first of `count` labels of the target, as stored, that stands for
/// "missing"; nothing if all are labels.
Result<std::optional<std::uint64_t>> firstMissing(const TargetArray &array,
                                                  const void *elements,
                                                  std::uint64_t count);

/// Labels are compared and stored as they are: codes of packed ones would be
/// taken for labels.
Status checkLabelsNotPacked(const std::string &whose, double scale,
                            double offset);

/// Labels are compared and stored as they are: their units must mean the same
/// on both sides.
Status checkLabelUnits(const TargetArray &target, const Slice &slice);

}  // namespace mdimappend
