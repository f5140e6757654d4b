// Understands labels that are given as texts: dates and numbers, in the form
// that a target stores, or in one that suits them.

#include "cube/labels.h"

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

}  // namespace

Result<Labels> parseLabel(const std::string &text, const LabelForm &form)
{
    if (form.text)
        return textLabels({text});
    Labels labels;
    if (looksLikeTime(form.units))
    {
        MDIMAPPEND_ASSIGN(labels.encoding,
                          TimeEncoding::parse(form.units, form.calendar));
        labels.kind = Labels::Kind::Date;
        auto instant = parseDate(text, labels.encoding->calendar);
        if (!instant)
            return Status(Failure::Usage,
                          "the label '" + text +
                              "' is not a date: " + instant.status().message());
        labels.values.emplace_back(*instant);
        return labels;
    }
    if (const auto whole = parseInteger(text))
    {
        labels.kind = Labels::Kind::Integer;
        labels.values.emplace_back(static_cast<Instant>(*whole));
    }
    else if (const auto number = parseNumber(text))
    {
        labels.kind = Labels::Kind::Real;
        labels.values.emplace_back(*number);
    }
    else
    {
        return Status(
            Failure::Usage,
            "the label '" + text +
                "' is not a number, and the target's labels are numbers");
    }
    return labels;
}

LabelForm formForNewLabel(const std::string &text)
{
    LabelForm form;
    // "2020" is a number; dates have at least a month or a time.
    if (parseInteger(text))
    {
        form.type = GDT_Int64;
    }
    else if (parseNumber(text))
    {
        form.type = GDT_Float64;
    }
    else if (const auto date = parseDate(text, Calendar::ProlepticGregorian))
    {
        form.type = GDT_Int64;
        form.units = std::string(unitOf(*date)) + " since 1970-01-01";
        form.calendar = "proleptic_gregorian";
    }
    else
    {
        form.text = true;
    }
    return form;
}

Result<Labels> parseLabel(const GivenLabel &label, const LabelForm &form)
{
    const bool isDate = looksLikeTime(form.units) && !form.text;
    return parseLabel(isDate && !label.date.empty() ? label.date : label.text,
                      form);
}

LabelForm formForNewLabel(const GivenLabel &label)
{
    return formForNewLabel(label.date.empty() ? label.text : label.date);
}

}  // namespace mdimappend
