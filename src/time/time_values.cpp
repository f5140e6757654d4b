// Turns values of an encoding into instants and back, in exact integer
// arithmetic: a floating point value is mantissa * 2^exponent, times the unit a
// fraction whose denominator is a power of two.

#include "time/calendar.h"
#include "time/time_units.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <format>
#include <limits>
#include <optional>
#include <string>

namespace mdimappend
{

using namespace cf;

namespace
{

using UInt128 = unsigned __int128;

constexpr UInt128 largestInstant = ~UInt128{0} >> 1;

/// magnitude = mantissa * 2^exponent, and 2^exponent is one ulp.
struct Binary
{
    UInt128 mantissa;
    int exponent;
};

template <class Float> Binary binaryOf(Float magnitude)
{
    using Limits = std::numeric_limits<Float>;
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    // Subnormal numbers have fewer digits, their ulp is the smallest number.
    exponent = std::max(exponent, Limits::min_exponent) - Limits::digits;
    return {static_cast<UInt128>(std::ldexp(magnitude, -exponent)), exponent};
}

/// numerator / 2^shift nanoseconds, known to `tolerance` / 2^shift.
struct Duration
{
    UInt128 numerator;
    UInt128 tolerance;
    int shift;
};

std::optional<Duration> durationOf(const Binary &value, UInt128 unit)
{
    Duration duration{0, unit, std::max(-value.exponent, 0)};
    if (__builtin_mul_overflow(value.mantissa, unit, &duration.numerator))
        return std::nullopt;
    for (int i = 0; i < value.exponent; ++i)
    {
        if (duration.numerator > largestInstant / 2)
            return std::nullopt;
        duration.numerator *= 2;
        duration.tolerance *= 2;
    }
    return duration;
}

/// The nearest multiple of `tick`, if it is near enough.
std::optional<UInt128> nearestTick(const Duration &duration, UInt128 tick)
{
    const bool tiny =
        duration.shift > 126 || tick > (largestInstant >> duration.shift);
    if (tiny)  // below half a tick: 2^127 is far beyond any numerator
        return duration.numerator <= duration.tolerance
                   ? std::optional<UInt128>(0)
                   : std::nullopt;
    const UInt128 step = tick << duration.shift;
    const UInt128 below = duration.numerator / step;
    const UInt128 rest = duration.numerator % step;
    const bool up = rest > step - rest || (rest == step - rest && below % 2);
    if ((up ? step - rest : rest) > duration.tolerance)
        return std::nullopt;
    return (below + (up ? 1 : 0)) * tick;
}

std::optional<UInt128> coarsestTick(const Duration &duration)
{
    for (const int tick : {1'000'000'000, 1'000'000, 1'000, 1})
        if (const auto nearest = nearestTick(duration, tick))
            return nearest;
    return std::nullopt;
}

std::optional<Instant> sinceEpoch(UInt128 magnitude, bool negative,
                                  Instant epoch)
{
    if (magnitude > largestInstant)
        return std::nullopt;
    const auto offset = static_cast<Instant>(magnitude);
    Instant instant = 0;
    if (__builtin_add_overflow(epoch, negative ? -offset : offset, &instant))
        return std::nullopt;
    return instant;
}

std::string shown(double value)
{
    return std::format("{:.17g}", value);
}

Status valueRefused(const std::string &value, const TimeEncoding &encoding,
                    const std::string &why)
{
    return refused("time " + value + " in " + described(encoding) + ": " + why);
}

Status instantRefused(Instant instant, const TimeEncoding &encoding,
                      const std::string &why)
{
    return refused("time " + described(instant, encoding) + " in " +
                   described(encoding) + ": " + why);
}

Status checkUnit(const TimeEncoding &encoding)
{
    if (encoding.unit <= 0)
        return error("a time encoding without a unit");
    return Status::ok();
}

template <class Float>
Result<Instant> decodeFloat(Float value, const TimeEncoding &encoding)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkUnit(encoding));
    if (!std::isfinite(value))
        return valueRefused(shown(value), encoding, "not a finite number");
    const auto duration = durationOf(binaryOf(std::fabs(value)),
                                     static_cast<UInt128>(encoding.unit));
    if (!duration)
        return valueRefused(shown(value), encoding, "out of range");
    const auto magnitude = coarsestTick(*duration);
    if (!magnitude)
        return valueRefused(shown(value), encoding,
                            "no whole nanosecond lies within 1 ulp of it");
    const auto instant =
        sinceEpoch(*magnitude, std::signbit(value), encoding.epoch);
    if (!instant)
        return valueRefused(shown(value), encoding, "out of range");
    return *instant;
}

/// The nearest number to dividend / divisor, ties to even.
template <class Float> Float nearestQuotient(UInt128 dividend, UInt128 divisor)
{
    if (dividend == 0)
        return 0;
    // The quotient has two binary digits more than the mantissa: one to round
    // by, one that says whether anything follows.
    constexpr UInt128 limit = UInt128{1}
                              << (std::numeric_limits<Float>::digits + 1);
    UInt128 quotient = dividend / divisor;
    UInt128 rest = dividend % divisor;
    int exponent = 2;
    for (; quotient < limit; --exponent)
    {
        rest *= 2;
        quotient = quotient * 2 + (rest >= divisor ? 1 : 0);
        rest -= rest >= divisor ? divisor : 0;
    }
    bool more = rest != 0;
    for (; quotient >= 2 * limit; ++exponent)
    {
        more = more || quotient % 2 != 0;
        quotient /= 2;
    }
    const auto tail = static_cast<int>(quotient % 4) | (more ? 1 : 0);
    UInt128 mantissa = quotient / 4;
    if (tail == 3 || (tail == 2 && mantissa % 2 != 0))
        ++mantissa;
    return std::ldexp(static_cast<Float>(mantissa), exponent);
}

/// The instant as nanoseconds since the epoch.
Result<Instant> offsetOf(Instant instant, const TimeEncoding &encoding)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkUnit(encoding));
    Instant offset = 0;
    if (__builtin_sub_overflow(instant, encoding.epoch, &offset))
        return instantRefused(instant, encoding, "out of range");
    return offset;
}

template <class Float>
Result<Float> encodeFloat(Instant instant, const TimeEncoding &encoding)
{
    MDIMAPPEND_ASSIGN(const Instant offset, offsetOf(instant, encoding));
    // It is negated unsigned: the smallest Instant has no positive
    // counterpart.
    const UInt128 magnitude = offset < 0 ? -static_cast<UInt128>(offset)
                                         : static_cast<UInt128>(offset);
    const auto nearest =
        nearestQuotient<Float>(magnitude, static_cast<UInt128>(encoding.unit));
    const Float value = offset < 0 ? -nearest : nearest;
    const auto decoded = decodeTime(value, encoding);
    if (!decoded || *decoded != instant)
        return instantRefused(
            instant, encoding,
            "the nearest number, " + shown(value) + ", stands for " +
                (decoded ? described(*decoded, encoding) : "no instant"));
    return value;
}

}  // namespace

std::string notATime()
{
    const std::int64_t lowest = INT64_MIN;
    std::string element(sizeof lowest, '\0');
    std::memcpy(element.data(), &lowest, sizeof lowest);
    return element;
}

Result<Instant> decodeTime(double value, const TimeEncoding &encoding)
{
    return decodeFloat(value, encoding);
}

Result<Instant> decodeTime(float value, const TimeEncoding &encoding)
{
    return decodeFloat(value, encoding);
}

Result<Instant> decodeTime(std::int64_t value, const TimeEncoding &encoding)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkUnit(encoding));
    Instant instant = 0;
    if (__builtin_mul_overflow(Instant{value}, encoding.unit, &instant) ||
        __builtin_add_overflow(instant, encoding.epoch, &instant))
        return valueRefused(std::to_string(value), encoding, "out of range");
    return instant;
}

Result<std::int64_t> encodeTimeAsInteger(Instant instant,
                                         const TimeEncoding &encoding)
{
    MDIMAPPEND_ASSIGN(const Instant offset, offsetOf(instant, encoding));
    if (offset % encoding.unit != 0)
        return instantRefused(instant, encoding, "not a whole number of units");
    const Instant value = offset / encoding.unit;
    if (value < std::numeric_limits<std::int64_t>::min() ||
        value > std::numeric_limits<std::int64_t>::max())
        return instantRefused(instant, encoding,
                              "out of range of a 64-bit integer");
    return static_cast<std::int64_t>(value);
}

Result<double> encodeTimeAsDouble(Instant instant, const TimeEncoding &encoding)
{
    return encodeFloat<double>(instant, encoding);
}

Result<float> encodeTimeAsFloat(Instant instant, const TimeEncoding &encoding)
{
    return encodeFloat<float>(instant, encoding);
}

}  // namespace mdimappend
