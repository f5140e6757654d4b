// Reads dates and times of day as text: ISO 8601, and the looser forms that CF
// files have.

#include "time/written_instant.h"

#include "time/foreign_text.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace mdimappend
{

using namespace cf;

namespace
{

/// What is left to read of a text.
class Scanner
{
  public:
    explicit Scanner(std::string_view text) : m_rest(text)
    {
    }

    bool atEnd() const
    {
        return m_rest.empty();
    }

    bool at(bool (*kind)(char)) const
    {
        return !atEnd() && kind(m_rest.front());
    }

    std::string_view rest() const
    {
        return m_rest;
    }

    std::string_view peek(bool (*kind)(char)) const
    {
        const auto end = std::ranges::find_if_not(m_rest, kind);
        return m_rest.substr(0, end - m_rest.begin());
    }

    std::string_view take(bool (*kind)(char))
    {
        const auto taken = peek(kind);
        m_rest.remove_prefix(taken.size());
        return taken;
    }

    bool accept(std::string_view anyOf)
    {
        if (atEnd() || anyOf.find(m_rest.front()) == std::string_view::npos)
            return false;
        m_rest.remove_prefix(1);
        return true;
    }

  private:
    std::string_view m_rest;
};

/// Of digits, at most nine.
int number(std::string_view digits)
{
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

Result<int> checkedField(std::string_view digits, std::string_view name,
                         int limit)
{
    if (number(digits) > limit)
        return refused(std::string(name) + " " + std::string(digits) +
                       " is beyond " + std::to_string(limit));
    return number(digits);
}

/// A field of one or two digits.
Result<int> takeField(Scanner &scanner, std::string_view name, int limit)
{
    const auto digits = scanner.take(isDigit);
    if (digits.empty() || digits.size() > 2)
        return refused(std::string(name) + " expected, found " +
                       quoted(digits.empty() ? scanner.rest() : digits));
    return checkedField(digits, name, limit);
}

struct WrittenDate
{
    CivilDate date;  ///< the year as written
    bool hasDay = false;
};

Result<WrittenDate> packedDate(std::string_view digits)
{
    WrittenDate written{{number(digits.substr(0, 4))}, true};
    MDIMAPPEND_ASSIGN(written.date.month,
                      checkedField(digits.substr(4, 2), "month", 12));
    MDIMAPPEND_ASSIGN(written.date.day,
                      checkedField(digits.substr(6, 2), "day", 31));
    return written;
}

/// YYYY, YYYY-MM, YYYY-MM-DD, YYYYMMDD.
Result<WrittenDate> takeDate(Scanner &scanner)
{
    const bool negative = scanner.rest().starts_with('-');
    const bool sign = scanner.accept("+-");
    const auto year = scanner.take(isDigit);
    if (year.empty())
        return refused("a year expected, found " + quoted(scanner.rest()));
    const bool alone = !scanner.rest().starts_with('-');
    if (alone && !sign && year.size() == 8)
        return packedDate(year);
    if (year.size() > 9)
        return refused("year " + quoted(year) + " has more than 9 digits");
    if (alone && year.size() > 4)
        return refused("expected YYYY-MM-DD or YYYYMMDD");

    WrittenDate written;
    written.date.year = negative ? -number(year) : number(year);
    if (alone)
        return written;
    scanner.accept("-");
    MDIMAPPEND_ASSIGN(written.date.month, takeField(scanner, "month", 12));
    written.hasDay = scanner.accept("-");
    if (written.hasDay)
    {
        MDIMAPPEND_ASSIGN(written.date.day, takeField(scanner, "day", 31));
    }
    return written;
}

/// Nanoseconds of the digits after a decimal point.
Result<std::int64_t> takeFraction(Scanner &scanner)
{
    const auto digits = scanner.take(isDigit);
    if (digits.empty())
        return refused("fraction of a second expected, found " +
                       quoted(scanner.rest()));
    if (digits.find_first_not_of('0', 9) != std::string_view::npos)
        return refused("fraction of a second finer than a nanosecond");
    std::string nine(digits.substr(0, 9));
    nine.resize(9, '0');
    return number(nine);
}

struct Clock
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    bool hasSecond = false;
};

Result<Clock> packedClock(std::string_view digits)
{
    Clock clock;
    clock.hasSecond = digits.size() == 6;
    MDIMAPPEND_ASSIGN(clock.hour,
                      checkedField(digits.substr(0, 2), "hour", 23));
    MDIMAPPEND_ASSIGN(clock.minute,
                      checkedField(digits.substr(2, 2), "minute", 59));
    MDIMAPPEND_ASSIGN(clock.second,
                      checkedField(digits.substr(4), "second", 59));
    return clock;
}

/// HH, HH:MM, HH:MM:SS, HHMM, HHMMSS.
Result<Clock> takeClock(Scanner &scanner)
{
    if (const auto packed = scanner.peek(isDigit).size();
        packed == 4 || packed == 6)
        return packedClock(scanner.take(isDigit));
    Clock clock;
    MDIMAPPEND_ASSIGN(clock.hour, takeField(scanner, "hour", 23));
    if (!scanner.accept(":"))
        return clock;
    MDIMAPPEND_ASSIGN(clock.minute, takeField(scanner, "minute", 59));
    clock.hasSecond = scanner.accept(":");
    if (clock.hasSecond)
    {
        MDIMAPPEND_ASSIGN(clock.second, takeField(scanner, "second", 59));
    }
    return clock;
}

/// Nanoseconds since midnight.
Result<std::int64_t> takeTimeOfDay(Scanner &scanner)
{
    MDIMAPPEND_ASSIGN(const Clock clock, takeClock(scanner));
    const std::int64_t nanoseconds =
        (clock.hour * 3600 + clock.minute * 60 + clock.second) *
        nanosecondsPerSecond;
    if (!clock.hasSecond || !scanner.accept(".,"))
        return nanoseconds;
    MDIMAPPEND_ASSIGN(const std::int64_t fraction, takeFraction(scanner));
    return nanoseconds + fraction;
}

Result<int> takeNamedZone(Scanner &scanner)
{
    const auto name = scanner.take(isLetter);
    const std::string lower = lowerCase(name);
    if (lower == "z" || lower == "utc" || lower == "gmt")
        return 0;
    return refused(
        "time zone " + quoted(name) +
        " is unknown; expected Z, UTC, GMT or an offset such as +01:00");
}

/// H, HH, HHh, H:MM, HH:MM, HHMM, in minutes.
Result<int> takeZoneOffset(Scanner &scanner)
{
    const auto digits = scanner.take(isDigit);
    if (digits.empty() || digits.size() == 3 || digits.size() > 4)
        return refused("time zone expected, found " +
                       quoted(digits.empty() ? scanner.rest() : digits));
    const bool packed = digits.size() == 4;
    int minute = 0;
    MDIMAPPEND_ASSIGN(
        const int hour,
        checkedField(digits.substr(0, 2), "hour of the time zone", 23));
    if (packed)
    {
        MDIMAPPEND_ASSIGN(minute, checkedField(digits.substr(2),
                                               "minute of the time zone", 59));
    }
    else if (!scanner.accept("hH") && scanner.accept(":"))
    {
        MDIMAPPEND_ASSIGN(minute,
                          takeField(scanner, "minute of the time zone", 59));
    }
    return hour * 60 + minute;
}

/// Minutes east of Greenwich.
Result<int> takeZone(Scanner &scanner)
{
    if (scanner.at(isLetter))
        return takeNamedZone(scanner);
    const bool west = scanner.rest().starts_with('-');
    const bool sign = scanner.accept("+-");
    MDIMAPPEND_ASSIGN(const int offset, takeZoneOffset(scanner));
    if (!sign && offset != 0)
        return refused("time zone offset without a sign");
    return west ? -offset : offset;
}

}  // namespace

Result<WrittenInstant> readWrittenInstant(std::string_view text)
{
    Scanner scanner(text);
    scanner.take(isSpace);
    MDIMAPPEND_ASSIGN(const auto written, takeDate(scanner));
    WrittenInstant instant{written.date, 0, 0};

    const bool spaces = !scanner.take(isSpace).empty();
    if (scanner.accept("Tt") || (spaces && scanner.at(isDigit)))
    {
        if (!written.hasDay)
            return refused("a time of day needs a date with a day");
        MDIMAPPEND_ASSIGN(instant.nanoseconds, takeTimeOfDay(scanner));
        scanner.take(isSpace);
    }
    if (!scanner.atEnd())
    {
        MDIMAPPEND_ASSIGN(instant.zone, takeZone(scanner));
        scanner.take(isSpace);
    }
    if (!scanner.atEnd())
        return refused(quoted(scanner.rest()) + " is left over");
    return instant;
}

}  // namespace mdimappend
