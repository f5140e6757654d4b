// CF time: units and calendars, dates, values to instants and back.
//
// Lines: units; calendar; a date, or a number as a value of these units.

#include "fuzz.h"

#include "time/cf_time.h"
#include "time/time_units.h"

#include <charconv>

using namespace mdimappend;
using fuzzing::expect;

namespace
{

constexpr Calendar calendars[] = {
    Calendar::Standard, Calendar::ProlepticGregorian,
    Calendar::Julian,   Calendar::NoLeap,
    Calendar::AllLeap,  Calendar::Day360};

void checkInstant(Instant instant, Calendar calendar)
{
    const auto text = formatDate(instant, calendar);
    const auto same = parseDate(text, calendar);
    expect(!same || *same == instant, "a date is read back as it was written");
    for (const auto other : calendars)
    {
        const auto changed = changeCalendar(instant, calendar, other);
        if (!changed)
            continue;
        const auto back = changeCalendar(*changed, other, calendar);
        expect(back && *back == instant, "a calendar can be changed back");
    }
}

void checkEncoding(Instant instant, const TimeEncoding &encoding)
{
    if (const auto value = encodeTimeAsInteger(instant, encoding))
    {
        const auto same = decodeTime(*value, encoding);
        expect(same && *same == instant, "an integer holds the instant");
    }
    if (const auto value = encodeTimeAsDouble(instant, encoding))
    {
        const auto same = decodeTime(*value, encoding);
        expect(same && *same == instant, "a double holds the instant");
    }
    if (const auto value = encodeTimeAsFloat(instant, encoding))
    {
        const auto same = decodeTime(*value, encoding);
        expect(same && *same == instant, "a float holds the instant");
    }
}

template <class Number>
void checkValue(std::string_view text, const TimeEncoding &encoding)
{
    Number value{};
    const auto [end, code] =
        std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc())
        return;
    if (const auto instant = decodeTime(value, encoding))
    {
        checkInstant(*instant, encoding.calendar);
        checkEncoding(*instant, encoding);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    const auto units = fuzzing::takeLine(rest);
    const auto calendar = fuzzing::takeLine(rest);
    const auto encoding = TimeEncoding::parse(units, calendar);
    expect(!encoding || looksLikeTime(units), "units of time look like it");
    for (const auto each : calendars)
    {
        if (const auto instant = parseDate(rest, each))
        {
            checkInstant(*instant, each);
            if (encoding && encoding->calendar == each)
                checkEncoding(*instant, *encoding);
        }
    }
    if (!encoding)
        return 0;
    cf::described(*encoding);
    checkInstant(encoding->epoch, encoding->calendar);
    checkValue<double>(rest, *encoding);
    checkValue<float>(rest, *encoding);
    checkValue<std::int64_t>(rest, *encoding);
    return 0;
}
