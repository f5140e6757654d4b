// Compares steps: of integers, the scale that they are packed with.

#include "cube/precision_check.h"

#include <array>
#include <cmath>
#include <format>
#include <optional>

namespace mdimappend
{

namespace
{

constexpr double coarsest = 8;

/// The slice's step in the target's units; nothing where it is not the same
/// everywhere (logarithms).
std::optional<double> ownStep(const NumberConversion &rules)
{
    const double scale = std::fabs(rules.from.scale.value_or(1));
    if (!rules.units)
        return scale;
    std::array<double, 3> values{0, 1, 2};
    rules.units->apply(values.data(), values.data(), values.size());
    const double first = values[1] - values[0];
    const double second = values[2] - values[1];
    if (!(std::fabs(second - first) <= 1e-9 * std::fabs(first)))
        return std::nullopt;
    return scale * std::fabs(first);
}

}  // namespace

Status checkPrecision(const NumberConversion &rules)
{
    const bool areCodes = GDALDataTypeIsInteger(rules.from.type) &&
                          GDALDataTypeIsInteger(rules.to.type);
    if (!areCodes || !rules.to.isPacked())
        return Status::ok();
    const double step = std::fabs(rules.to.scale.value_or(1));
    const auto own = ownStep(rules);
    // Steps of 0.01 and 0.08 are no whole number of times apart.
    if (!own || step <= coarsest * *own * (1 + 1e-9))
        return Status::ok();
    return refused(std::format(
        "it is packed in steps of {:.6g}, the target in steps of {:.6g}, in "
        "the same units: more than {} times as coarse. --on-precision round "
        "would round to them, by up to {:.6g}; a new cube with --encoding "
        "NAME:dtype=float32 is not packed.",
        *own, step, coarsest, step / 2));
}

}  // namespace mdimappend
