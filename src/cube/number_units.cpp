// Tells from attributes whether values are differences, whose units have no
// offset, and converts accordingly.

#include "cube/number_units.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mdimappend
{

namespace
{

enum class Quantity
{
    Unknown,
    Value,
    Difference,
};

bool has(const std::string &text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// By `units_metadata`, or by what is derived from values: names of anomalies
/// and tendencies, ranges and standard deviations over cells.
Quantity quantityOf(const Json &attributes)
{
    const auto metadata = textMember(attributes, "units_metadata");
    if (has(metadata, "temperature: difference"))
        return Quantity::Difference;
    if (has(metadata, "temperature: on_scale"))
        return Quantity::Value;
    constexpr std::array<std::string_view, 8> words = {
        "anomaly", "tendency_of",         "difference", "increment",
        "deficit", "change_over_time_in", "depression", " standard_error"};
    const auto name = textMember(attributes, "standard_name");
    const auto methods = textMember(attributes, "cell_methods");
    const bool isDifference =
        std::ranges::any_of(words, [&](std::string_view word)
                            { return has(name, word); }) ||
        has(methods, ": range") || has(methods, ": standard_deviation");
    return isDifference ? Quantity::Difference : Quantity::Unknown;
}

Status contradiction(bool sliceHasDifferences)
{
    return refused(sliceHasDifferences
                       ? "by its attributes the slice has differences, the "
                         "target values"
                       : "by its attributes the target has differences, the "
                         "slice values");
}

Result<UnitConversion> forQuantities(const UnitConversion &conversion,
                                     Quantity slice, Quantity target)
{
    if (slice == target)
        return slice == Quantity::Difference
                   ? conversion.ofDifferences()
                   : Result<UnitConversion>(conversion);
    const bool isDifference =
        slice == Quantity::Difference || target == Quantity::Difference;
    const bool isCertain =
        slice != Quantity::Unknown && target != Quantity::Unknown;
    if (isDifference && (isCertain || conversion.hasOffset()))
        return contradiction(slice == Quantity::Difference);
    return conversion;
}

}  // namespace

Result<std::optional<UnitConversion>>
unitConversion(const std::string &from, const Json &slice,
               const std::string &to, const Json &target, bool ignoreUnits)
{
    if (from.empty() || to.empty())
        return std::optional<UnitConversion>();
    auto units = UnitConversion::make(from, to);
    auto conversion =
        units ? forQuantities(*units, quantityOf(slice), quantityOf(target))
              : units;
    if (!conversion && ignoreUnits)
        return std::optional<UnitConversion>();
    if (!conversion)
        return refused("its units are '" + from + "', the target has '" + to +
                       "': " + conversion.status().message() + ". " +
                       wayOutOfUnits(from, to));
    return conversion->isIdentity() ? std::optional<UnitConversion>()
                                    : std::optional(*conversion);
}

}  // namespace mdimappend
