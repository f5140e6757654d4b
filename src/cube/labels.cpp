// Decodes and encodes labels as they are stored. What cannot be stored exactly
// is refused.

#include "cube/labels.h"

#include "convert/conversion.h"
#include "storage/checksum.h"

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

Instant wholeElement(const void *element, GDALDataType type)
{
    if (type == GDT_UInt64)
    {
        std::uint64_t whole = 0;
        std::memcpy(&whole, element, sizeof(whole));
        return static_cast<Instant>(whole);
    }
    std::int64_t whole = 0;
    GDALCopyWords64(element, type, 0, &whole, GDT_Int64, 0, 1);
    return static_cast<Instant>(whole);
}

Status encodeDate(const Labels &labels, std::size_t position,
                  const LabelForm &form, void *element)
{
    MDIMAPPEND_ASSIGN(const TimeEncoding encoding,
                      TimeEncoding::parse(form.units, form.calendar));
    const auto encoded =
        encodeTimeElement(std::get<Instant>(labels.values[position]), encoding,
                          form.type, element);
    if (encoded)
        return Status::ok();
    return refused("the label " + labels.describe(position) +
                   " cannot be stored exactly as '" + form.units + "' in " +
                   GDALGetDataTypeName(form.type) + ": " + encoded.message() +
                   ". --encoding " + (form.name.empty() ? "NAME" : form.name) +
                   ":units=... gives a new target other units.");
}

Status encodeNumber(const Labels &labels, std::size_t position,
                    const LabelForm &form, void *element)
{
    const Label &label = labels.values[position];
    const auto *whole = std::get_if<Instant>(&label);
    if (whole && form.type == GDT_UInt64)
    {
        const auto value = static_cast<std::uint64_t>(*whole);
        std::memcpy(element, &value, sizeof(value));
    }
    else if (whole)
    {
        const auto value = static_cast<std::int64_t>(*whole);
        GDALCopyWords64(&value, GDT_Int64, 0, element, form.type, 0, 1);
    }
    else
    {
        const double number = asDouble(label);
        GDALCopyWords64(&number, GDT_Float64, 0, element, form.type, 0, 1);
    }
    MDIMAPPEND_ASSIGN(const Labels back, decodeLabels(form, element, 1));
    if (isSame(back.values[0], label))
        return Status::ok();
    return refused("the label " + labels.describe(position) +
                   " cannot be stored exactly as " +
                   GDALGetDataTypeName(form.type) +
                   ". --encoding NAME:dtype=... gives a new target another "
                   "type.");
}

}  // namespace

double asDouble(const Label &label)
{
    if (const auto *instant = std::get_if<Instant>(&label))
        return static_cast<double>(*instant);
    return std::get<double>(label);
}

bool isBefore(const Label &a, const Label &b)
{
    if (a.index() == b.index())
        return a < b;
    return asDouble(a) < asDouble(b);
}

bool isSame(const Label &a, const Label &b)
{
    return !isBefore(a, b) && !isBefore(b, a);
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

std::uint64_t hashOfLabels(const Labels &labels)
{
    Xxh3 hash;
    for (std::size_t i = 0; i < labels.values.size(); ++i)
    {
        const auto text = labels.describe(i);
        hash.add(std::to_string(text.size()) + ":" + text);
    }
    const auto digest = hash.digest();
    std::uint64_t value = 0;
    const auto *digits = digest.data() + digest.find(':') + 1;
    std::from_chars(digits, digits + 16, value, 16);
    return std::max<std::uint64_t>(value, 1);
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
        else
        {
            labels.values.emplace_back(wholeElement(element, form.type));
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

Result<std::string> encodeLabels(const Labels &labels, const LabelForm &form)
{
    const auto size =
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(form.type));
    std::string bytes(labels.values.size() * size, '\0');
    for (std::size_t i = 0; i < labels.values.size(); ++i)
    {
        char *element = bytes.data() + i * size;
        MDIMAPPEND_RETURN_IF_ERROR(
            labels.kind == Labels::Kind::Date
                ? encodeDate(labels, i, form, element)
                : encodeNumber(labels, i, form, element));
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
            return refused("its labels are numbers, the target's are text.");
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

}  // namespace mdimappend
