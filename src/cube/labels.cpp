// Decodes, encodes and compares labels, and decides which of a slice's labels
// are new.

#include "cube/labels.h"

#include "convert/conversion.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace mdimappend
{

namespace
{

std::string integerText(Instant value)
{
    if (value < 0)
        return "-" + integerText(-value);
    std::string text;
    do
    {
        text.insert(text.begin(), static_cast<char>('0' + int(value % 10)));
        value /= 10;
    } while (value != 0);
    return text;
}

/// Whole and real numbers together compare as real ones.
bool less(const Label &a, const Label &b)
{
    if (a.index() == b.index())
        return a < b;
    return asDouble(a) < asDouble(b);
}

bool equal(const Label &a, const Label &b)
{
    return !less(a, b) && !less(b, a);
}

bool numeric(Labels::Kind kind)
{
    return kind == Labels::Kind::Integer || kind == Labels::Kind::Real;
}

bool isComparable(const Labels &a, const Labels &b)
{
    return a.kind == b.kind || (numeric(a.kind) && numeric(b.kind));
}

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

}  // namespace

double asDouble(const Label &label)
{
    if (const auto *instant = std::get_if<Instant>(&label))
        return static_cast<double>(*instant);
    return std::get<double>(label);
}

std::string Labels::describe(std::size_t position) const
{
    const Label &label = values.at(position);
    if (kind == Kind::Date)
        return formatDate(std::get<Instant>(label), encoding->calendar);
    if (const auto *text = std::get_if<std::string>(&label))
        return "'" + *text + "'";
    if (const auto *integer = std::get_if<Instant>(&label))
        return integerText(*integer);
    char text[32];
    const auto end =
        std::to_chars(text, text + sizeof(text), std::get<double>(label)).ptr;
    return std::string(text, end);
}

Result<Labels> decodeLabels(const LabelForm &form, const void *elements,
                            std::size_t count)
{
    Labels labels;
    if (looksLikeTime(form.units))
    {
        MDIMAPPEND_ASSIGN(labels.encoding,
                          TimeEncoding::parse(form.units, form.calendar));
        labels.kind = Labels::Kind::Date;
    }
    else
    {
        labels.kind = GDALDataTypeIsInteger(form.type) ? Labels::Kind::Integer
                                                       : Labels::Kind::Real;
    }
    const auto size =
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(form.type));
    for (std::size_t i = 0; i < count; ++i)
    {
        const auto *element = static_cast<const char *>(elements) + i * size;
        double number = 0;
        GDALCopyWords64(element, form.type, 0, &number, GDT_Float64, 0, 1);
        if (std::isnan(number))
            return refused("label " + std::to_string(i) + " is NaN");
        if (labels.kind == Labels::Kind::Date)
        {
            MDIMAPPEND_ASSIGN(
                const Instant instant,
                decodeTimeElement(element, form.type, *labels.encoding));
            labels.values.emplace_back(instant);
        }
        else if (labels.kind == Labels::Kind::Real)
        {
            labels.values.emplace_back(number);
        }
        else if (form.type == GDT_UInt64)
        {
            std::uint64_t whole = 0;
            std::memcpy(&whole, element, sizeof(whole));
            labels.values.emplace_back(static_cast<Instant>(whole));
        }
        else
        {
            std::int64_t whole = 0;
            GDALCopyWords64(element, form.type, 0, &whole, GDT_Int64, 0, 1);
            labels.values.emplace_back(static_cast<Instant>(whole));
        }
    }
    return labels;
}

Labels textLabels(std::vector<std::string> texts)
{
    Labels labels;
    labels.kind = Labels::Kind::Text;
    for (auto &text : texts)
        labels.values.emplace_back(std::move(text));
    return labels;
}

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
                              "' is no date: " + instant.status().message());
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
        return Status(Failure::Usage, "the label '" + text +
                                          "' is no number, and the target's "
                                          "labels are numbers");
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
        const Instant second = 1'000'000'000;
        const char *unit = *date % second == 0                 ? "seconds"
                           : *date % (second / 1000) == 0      ? "milliseconds"
                           : *date % (second / 1'000'000) == 0 ? "microseconds"
                                                               : "nanoseconds";
        form.units = std::string(unit) + " since 1970-01-01";
        form.calendar = "proleptic_gregorian";
    }
    else
    {
        form.text = true;
    }
    return form;
}

Result<std::string> encodeLabels(const Labels &labels, const LabelForm &form)
{
    const auto size =
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(form.type));
    std::string bytes(labels.values.size() * size, '\0');
    for (std::size_t i = 0; i < labels.values.size(); ++i)
    {
        char *element = bytes.data() + i * size;
        const Label &label = labels.values[i];
        if (labels.kind == Labels::Kind::Date)
        {
            MDIMAPPEND_ASSIGN(const TimeEncoding encoding,
                              TimeEncoding::parse(form.units, form.calendar));
            auto encoded = encodeTimeElement(std::get<Instant>(label), encoding,
                                             form.type, element);
            if (!encoded)
                return refused("the label " + labels.describe(i) +
                               " cannot be stored exactly as '" + form.units +
                               "' in " + GDALGetDataTypeName(form.type) + ": " +
                               encoded.message() +
                               ". --encoding NAME:units=... gives a new "
                               "target others.");
            continue;
        }
        const double number = asDouble(label);
        if (const auto *whole = std::get_if<Instant>(&label))
        {
            if (form.type == GDT_UInt64)
            {
                const auto value = static_cast<std::uint64_t>(*whole);
                std::memcpy(element, &value, sizeof(value));
            }
            else
            {
                const auto value = static_cast<std::int64_t>(*whole);
                GDALCopyWords64(&value, GDT_Int64, 0, element, form.type, 0, 1);
            }
        }
        else
        {
            GDALCopyWords64(&number, GDT_Float64, 0, element, form.type, 0, 1);
        }
        MDIMAPPEND_ASSIGN(const Labels back, decodeLabels(form, element, 1));
        if (!equal(back.values[0], label))
            return refused("the label " + labels.describe(i) +
                           " cannot be stored exactly as " +
                           GDALGetDataTypeName(form.type) +
                           ". --encoding NAME:dtype=... gives a new target "
                           "another type.");
    }
    return bytes;
}

Result<StoredLabels> storeLabels(const Labels &labels, const LabelForm &form)
{
    StoredLabels stored;
    if (!form.text)
    {
        MDIMAPPEND_ASSIGN(stored.elements, encodeLabels(labels, form));
        return stored;
    }
    for (const auto &label : labels.values)
    {
        const auto *text = std::get_if<std::string>(&label);
        if (!text)
            return refused("its labels are numbers, the target's are texts.");
        stored.texts.push_back(*text);
    }
    return stored;
}

Result<Labels> alignCalendars(Labels labels, const Labels &like)
{
    if (labels.kind != Labels::Kind::Date || like.kind != Labels::Kind::Date ||
        labels.encoding->calendar == like.encoding->calendar)
        return labels;
    for (std::size_t i = 0; i < labels.values.size(); ++i)
    {
        auto moved =
            changeCalendar(std::get<Instant>(labels.values[i]),
                           labels.encoding->calendar, like.encoding->calendar);
        if (!moved)
            return refused("the label " + labels.describe(i) +
                           " has no meaning in the target's calendar: " +
                           moved.status().message());
        labels.values[i] = *moved;
    }
    labels.encoding->calendar = like.encoding->calendar;
    return labels;
}

bool isOrdered(const Labels &labels)
{
    if (labels.kind == Labels::Kind::None)
        return false;
    const auto notLess = [](const Label &a, const Label &b)
    { return !less(a, b); };
    const auto notMore = [](const Label &a, const Label &b)
    { return !less(b, a); };
    const auto &values = labels.values;
    return std::ranges::adjacent_find(values, notLess) == values.end() ||
           std::ranges::adjacent_find(values, notMore) == values.end();
}

bool comeAfter(const Labels &last, const Labels &slice)
{
    if (last.values.size() < 2 || !isComparable(last, slice))
        return false;
    const Label &end = last.values.back();
    const bool descending = less(end, last.values[last.values.size() - 2]);
    return std::ranges::all_of(
        slice.values, [&](const Label &label)
        { return descending ? less(label, end) : less(end, label); });
}

Result<LabelMatch> matchLabels(const Labels &target, const Labels &slice,
                               std::optional<bool> descending)
{
    const bool text = slice.kind == Labels::Kind::Text;
    if (!target.values.empty() && !isComparable(target, slice))
        return refused("its labels and the target's are of different kinds "
                       "(dates, numbers or texts)");

    std::vector<std::pair<Label, std::uint64_t>> known;
    for (std::size_t row = 0; row < target.values.size(); ++row)
        known.emplace_back(target.values[row], row);
    std::sort(known.begin(), known.end(), [](const auto &a, const auto &b)
              { return less(a.first, b.first); });

    LabelMatch match;
    match.firstNew = slice.values.size();
    for (std::size_t row = 0; row < slice.values.size(); ++row)
    {
        const Label &label = slice.values[row];
        for (std::size_t other = text ? 0 : std::max<std::size_t>(row, 1) - 1;
             other < row; ++other)
        {
            if (equal(slice.values[other], label))
                return refused("the label " + slice.describe(row) +
                               " is in it twice");
        }
        const auto found = std::lower_bound(known.begin(), known.end(), label,
                                            [](const auto &a, const Label &b)
                                            { return less(a.first, b); });
        if (found != known.end() && equal(found->first, label))
        {
            if (match.firstNew < row)
                return refused("the label " + slice.describe(row) +
                               " is in the target already, but labels in "
                               "front of it are not");
            match.present.emplace_back(row, found->second);
        }
        else if (match.firstNew == slice.values.size())
        {
            match.firstNew = row;
        }
    }
    // New ones must be in order, which tells them apart.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> byTarget;
    for (const auto &[row, targetRow] : match.present)
        byTarget.emplace_back(targetRow, row);
    std::ranges::sort(byTarget);
    const auto twice = std::ranges::adjacent_find(
        byTarget, {}, [](const auto &pair) { return pair.first; });
    if (twice != byTarget.end())
        return refused(
            "the label " +
            slice.describe(static_cast<std::size_t>(std::next(twice)->second)) +
            " is in it twice");
    if (text)
        return match;

    std::vector<std::pair<const Labels *, std::size_t>> sequence;
    for (std::size_t row = target.values.size() > 2 ? target.values.size() - 2
                                                    : 0;
         row < target.values.size(); ++row)
        sequence.emplace_back(&target, row);
    for (std::size_t row = static_cast<std::size_t>(match.firstNew);
         row < slice.values.size(); ++row)
        sequence.emplace_back(&slice, row);
    const auto at = [&](std::size_t i) -> const Label &
    { return sequence[i].first->values[sequence[i].second]; };
    // Two labels set the direction; one alone is followed by later ones, unless
    // something else was said.
    const bool own = target.values.size() >= 2 ||
                     (target.values.empty() && sequence.size() >= 2);
    const bool decreasing = target.values.size() < 2 && descending
                                ? *descending
                                : own && less(at(1), at(0));
    for (std::size_t i = 1; i < sequence.size(); ++i)
    {
        const bool ordered =
            decreasing ? less(at(i), at(i - 1)) : less(at(i - 1), at(i));
        if (!ordered && sequence[i].first == &slice)
            return refused(
                "the label " + slice.describe(sequence[i].second) +
                " does not come after " +
                sequence[i - 1].first->describe(sequence[i - 1].second) +
                (sequence[i - 1].first == &target ? ", the target's last one"
                                                  : ", the one before it"));
    }
    return match;
}

}  // namespace mdimappend
