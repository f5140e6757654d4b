// Reads the rule for steps between labels.

#include "settings/step.h"

#include "settings/unit_of_time.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

namespace mdimappend
{

namespace
{

using Nanoseconds = __int128;

struct Amount
{
    bool negative = false;
    std::string whole;
    std::string fraction;
    std::string number;  ///< all that is before the unit
    std::string unit;
};

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

std::optional<Amount> parseAmount(const std::string &text)
{
    Amount amount;
    std::size_t at = 0;
    if (at < text.size() && (text[at] == '-' || text[at] == '+'))
        amount.negative = text[at++] == '-';
    while (at < text.size() && isDigit(text[at]))
        amount.whole += text[at++];
    if (at < text.size() && text[at] == '.')
        for (++at; at < text.size() && isDigit(text[at]); ++at)
            amount.fraction += text[at];
    amount.number = text.substr(0, at);
    amount.unit = text.substr(at);
    const bool hasDigits = !amount.whole.empty() || !amount.fraction.empty();
    if (!hasDigits || amount.whole.size() > 15 || amount.fraction.size() > 15)
        return std::nullopt;
    return amount;
}

/// Nothing if the amount is no whole number of nanoseconds.
std::optional<Nanoseconds> times(const Amount &amount, Nanoseconds unit)
{
    Nanoseconds digits = 0;
    Nanoseconds divisor = 1;
    for (const char digit : amount.whole)
        digits = digits * 10 + (digit - '0');
    for (const char digit : amount.fraction)
    {
        digits = digits * 10 + (digit - '0');
        divisor *= 10;
    }
    // 30 digits and the 15 of a week's nanoseconds would be too many at once.
    while (divisor > 1 && digits % 10 == 0)
    {
        digits /= 10;
        divisor /= 10;
    }
    Nanoseconds common = unit;
    for (Nanoseconds rest = divisor; rest != 0;)
    {
        const Nanoseconds next = common % rest;
        common = rest;
        rest = next;
    }
    divisor /= common;
    if (digits % divisor != 0)
        return std::nullopt;
    const Nanoseconds value = digits / divisor * (unit / common);
    return amount.negative ? -value : value;
}

std::optional<int> wholeNumber(const Amount &amount)
{
    if (amount.fraction.find_first_not_of('0') != std::string::npos ||
        amount.whole.size() > 6 || amount.whole.empty())
        return std::nullopt;
    const int value = std::stoi(amount.whole);
    return amount.negative ? -value : value;
}

/// False if there is no such unit, or the step is no step.
bool setDateStep(const Amount &amount, StepRule &step)
{
    static const std::map<std::string, Nanoseconds> units = {
        {"ns", 1},
        {"us", 1'000},
        {"ms", 1'000'000},
        {"s", 1'000'000'000},
        {"min", 60'000'000'000},
        {"h", 3'600'000'000'000},
        {"D", 86'400'000'000'000},
        {"W", 604'800'000'000'000}};
    const auto name = unitOfTime(amount.unit);
    step.text = amount.number + name;
    if (const auto unit = units.find(name); unit != units.end())
    {
        step.kind = StepRule::Kind::Duration;
        step.nanoseconds = times(amount, unit->second).value_or(0);
        return step.nanoseconds != 0;
    }
    if (name != "mo" && name != "Y")
        return false;
    step.kind = StepRule::Kind::Months;
    step.months = wholeNumber(amount).value_or(0) * (name == "Y" ? 12 : 1);
    return step.months != 0;
}

/// "1h30m": whole and falling amounts of units of fixed length, where "m" can
/// only be minutes.
bool setSumOfSteps(const std::string &text, StepRule &step)
{
    const bool negative = text.starts_with('-');
    Nanoseconds sum = 0;
    Nanoseconds last = 0;
    std::size_t count = 0;
    for (std::size_t at = negative ? 1 : 0; at < text.size(); ++count)
    {
        const auto unit = text.find_first_not_of("0123456789", at);
        const auto next =
            std::min(text.find_first_of("0123456789", unit), text.size());
        if (unit == at || unit == text.npos)
            return false;
        std::string part = text.substr(at, next - at);
        part.erase(part.find_last_not_of(' ') + 1);
        if (count > 0 && part.ends_with('m'))
            part += "in";
        const auto amount = parseAmount(part);
        StepRule one;
        if (!amount || !setDateStep(*amount, one) ||
            one.kind != StepRule::Kind::Duration ||
            (count > 0 && one.nanoseconds >= last))
            return false;
        sum += last = one.nanoseconds;
        at = next;
    }
    if (count < 2)
        return false;
    step.kind = StepRule::Kind::Duration;
    step.nanoseconds = negative ? -sum : sum;
    return true;
}

}  // namespace

std::optional<bool> StepRule::descending() const
{
    switch (kind)
    {
    case Kind::Any:
    case Kind::Constant:
        return std::nullopt;
    case Kind::Increasing:
    case Kind::Decreasing:
        return kind == Kind::Decreasing;
    case Kind::Number:
    case Kind::Duration:
    case Kind::Months:
        break;
    }
    return number < 0 || nanoseconds < 0 || months < 0;
}

Result<StepRule> parseStep(const std::string &text)
{
    static const std::map<std::string, StepRule::Kind> words = {
        {"any", StepRule::Kind::Any},
        {"increasing", StepRule::Kind::Increasing},
        {"decreasing", StepRule::Kind::Decreasing},
        {"constant", StepRule::Kind::Constant}};
    StepRule step;
    step.text = text;
    if (const auto word = words.find(text); word != words.end())
    {
        step.kind = word->second;
        return step;
    }
    const auto amount = parseAmount(text);
    if (amount && !amount->unit.empty() && setDateStep(*amount, step))
        return step;
    step.text = text;
    if (setSumOfSteps(text, step))
        return step;
    if (amount && isMinuteOrMonth(amount->unit))
        return Status(Failure::Usage,
                      "the step '" + text +
                          "' is minutes to some and months to others: minutes "
                          "are spelled min, months mo (as in 5min, 1mo)");
    const auto *end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, step.number);
    step.kind = StepRule::Kind::Number;
    if (code == std::errc() && stop == end && std::isfinite(step.number) &&
        step.number != 0)
        return step;
    return Status(Failure::Usage,
                  "the step '" + text +
                      "' is not one of any, increasing, decreasing, constant, "
                      "a number, or a number and ns, us, ms, s, min, h, D, W, "
                      "mo or Y (as in 6h, 1h30min, 1 day, 1mo; not 0)");
}

}  // namespace mdimappend
