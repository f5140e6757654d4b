// The rule for steps between labels: `--step`.

#pragma once

#include "status.h"

#include <optional>
#include <string>

namespace mdimappend
{

struct StepRule
{
    enum class Kind
    {
        Any,
        Increasing,
        Decreasing,
        Constant,  ///< whatever the first step is
        Number,    ///< of numbers; relative tolerance 1e-6
        Duration,  ///< of dates: `nanoseconds`
        Months     ///< of dates: calendar months
    };
    Kind kind = Kind::Any;
    double number = 0;
    __int128 nanoseconds = 0;
    int months = 0;
    std::string text = "any";  ///< as given

    /// Whether labels go down; nothing if the rule does not say.
    std::optional<bool> descending() const;
};

/// "any", "increasing", "decreasing", "constant", a number ("-0.5"), or a
/// number and one of ns, us, ms, s, min, h, D, W, mo, Y ("1D", "-6h", "1mo").
/// mo and Y take whole numbers. Exact to the nanosecond.
Result<StepRule> parseStep(const std::string &text);

}  // namespace mdimappend
