// Understands labels that are given as texts: dates and numbers, in the form
// that a target stores, or in one that suits them.

#include "cube/labels.h"
#include "slice/product_date.h"
#include "slice/time_arrays.h"
#include "time/written_instant.h"

#include <charconv>
#include <cmath>

namespace mdimappend
{

namespace
{

std::optional<double> parseNumber(const std::string &text)
{
    double number = 0;
    const auto end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, number);
    if (code != std::errc() || stop != end || !std::isfinite(number))
        return std::nullopt;
    return number;
}

std::optional<std::int64_t> parseInteger(const std::string &text)
{
    std::int64_t number = 0;
    const auto end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, number);
    if (code != std::errc() || stop != end)
        return std::nullopt;
    return number;
}

/// The coarsest unit of which a date is a whole number.
const char *unitOf(Instant date)
{
    const Instant second = 1'000'000'000;
    return date % second == 0                 ? "seconds"
           : date % (second / 1000) == 0      ? "milliseconds"
           : date % (second / 1'000'000) == 0 ? "microseconds"
                                              : "nanoseconds";
}

/// Of a text that has to be a date.
Status noDate(const GivenLabel &label, const std::string &reason)
{
    const std::string why = whyNoDate(label.text);
    return refused("the label '" + label.text + "' is not a date (" +
                   (why.empty() ? reason : why) +
                   "). Dates are understood as " + formsOfDates() +
                   " (--label gives one).");
}

const std::string &dateIn(const GivenLabel &label)
{
    return label.date.empty() ? label.text : label.date;
}

/// What must be a date has one.
Status checkDate(const GivenLabel &label)
{
    if (label.date.empty())
        return Status::ok();
    const auto date = readDate(label.date, Calendar::ProlepticGregorian);
    return date ? Status::ok() : noDate(label, date.status().message());
}

Result<Labels> parseDateLabel(const GivenLabel &label, const LabelForm &form)
{
    Labels labels;
    labels.kind = Labels::Kind::Date;
    MDIMAPPEND_ASSIGN(labels.encoding,
                      TimeEncoding::parse(form.units, form.calendar));
    const auto instant = readDate(
        label.date.empty() ? dateInDigits(label.text).value_or(label.text)
                           : label.date,
        labels.encoding->calendar);
    if (!instant)
        return noDate(label, instant.status().message());
    labels.values.emplace_back(*instant);
    return labels;
}

}  // namespace

Result<Labels> parseLabel(const GivenLabel &label, const LabelForm &form)
{
    if (looksLikeTime(form.units) && !form.text)
        return parseDateLabel(label, form);
    if (form.text)
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkDate(label));
        return textLabels({label.text});
    }
    Labels labels;
    if (const auto whole = parseInteger(label.text))
    {
        labels.kind = Labels::Kind::Integer;
        labels.values.emplace_back(static_cast<Instant>(*whole));
    }
    else if (const auto number = parseNumber(label.text))
    {
        labels.kind = Labels::Kind::Real;
        labels.values.emplace_back(*number);
    }
    else
    {
        return refused("the label '" + label.text +
                       "' is not a number, and the target's labels are "
                       "numbers.");
    }
    return labels;
}

Result<LabelForm> formForNewLabel(const GivenLabel &label,
                                  const std::string &dimension)
{
    LabelForm form;
    MDIMAPPEND_RETURN_IF_ERROR(checkDate(label));
    // "2020" is a number; dates have at least a month or a time.
    const std::string &text = dateIn(label);
    if (parseInteger(text))
    {
        form.type = GDT_Int64;
    }
    else if (parseNumber(text))
    {
        form.type = GDT_Float64;
    }
    else if (const auto date = readDate(text, Calendar::ProlepticGregorian))
    {
        form.type = GDT_Int64;
        form.units = std::string(unitOf(*date)) + " since 1970-01-01";
        form.calendar = "proleptic_gregorian";
    }
    else if (isNameOfTime(dimension))
    {
        return noDate(label, date.status().message())
            .suffixed("Along a dimension of another name (--append-dim) a "
                      "label may be any text.");
    }
    else
    {
        form.text = true;
    }
    return form;
}

}  // namespace mdimappend
