// A number of any real type, exactly, and the element of a type that is nearest
// to it.

#pragma once

#include "convert/element_types.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace mdimappend
{

/// A number of any real type, exactly.
struct Number
{
    bool whole = false;
    __int128 integer = 0;  ///< if whole
    double real = 0;       ///< else

    double asDouble() const
    {
        return whole ? static_cast<double>(integer) : real;
    }
};

/// As few digits as tell it from other doubles, or at most so many.
inline std::string numberText(double number, int digits = 0)
{
    if (std::isnan(number))
        return "NaN";
    std::array<char, 32> text{};
    auto *last = text.data() + text.size();
    const auto end = digits ? std::to_chars(text.data(), last, number,
                                            std::chars_format::general, digits)
                            : std::to_chars(text.data(), last, number);
    return {text.data(), end.ptr};
}

inline std::string numberText(const Number &number)
{
    if (!number.whole)
        return numberText(number.real);
    return number.integer > INT64_MAX
               ? std::to_string(static_cast<std::uint64_t>(number.integer))
               : std::to_string(static_cast<std::int64_t>(number.integer));
}

/// How a number becomes an element.
enum class Fit
{
    Exact,
    Inexact,
    Outside,
    Missing  ///< it would read as missing
};

template <class T> Number numberOf(T element)
{
    Number number;
    if constexpr (std::is_integral_v<T>)
    {
        number.whole = true;
        // A char is a number here. NOLINTNEXTLINE(bugprone-signed-char-misuse)
        number.integer = static_cast<__int128>(element);
    }
    else
        number.real = static_cast<double>(element);
    return number;
}

inline Number numberAt(const void *element, GDALDataType type)
{
    return withElementType(type, [&]<class T>(std::type_identity<T>)
                           { return numberOf(loadElement<T>(element)); });
}

inline Number realNumber(double value)
{
    Number number;
    number.real = value;
    return number;
}

inline bool isNaN(const Number &number)
{
    return !number.whole && std::isnan(number.real);
}

/// Whether a real number is an integer that 128 bits hold for sure.
inline bool isWhole(double real)
{
    return std::fabs(real) < 0x1p100 && std::trunc(real) == real;
}

inline bool areEqual(const Number &a, const Number &b)
{
    if (a.whole == b.whole)
        return a.whole ? a.integer == b.integer : a.real == b.real;
    const Number &real = a.whole ? b : a;
    const Number &whole = a.whole ? a : b;
    return isWhole(real.real) &&
           static_cast<__int128>(real.real) == whole.integer;
}

/// NaN means the same as NaN.
inline bool meanSame(const Number &a, const Number &b)
{
    return areEqual(a, b) || (isNaN(a) && isNaN(b));
}

template <class T> __int128 lowestOf(bool truthValues)
{
    return truthValues ? 0 : __int128{std::numeric_limits<T>::min()};
}

template <class T> __int128 highestOf(bool truthValues)
{
    return truthValues ? 1 : __int128{std::numeric_limits<T>::max()};
}

/// The nearest finite element (an infinity's is one, where the type has it),
/// and how it fits.
template <class T>
std::pair<T, Fit> nearest(const Number &wanted, bool truthValues)
{
    if constexpr (std::is_integral_v<T>)
    {
        const auto low = lowestOf<T>(truthValues);
        const auto high = highestOf<T>(truthValues);
        __int128 integer = wanted.integer;
        bool exact = true;
        if (!wanted.whole)
        {
            const double rounded = std::nearbyint(wanted.real);
            // high + 1 is a power of two: a double, which high may not be.
            if (!(rounded >= static_cast<double>(low)) ||
                !(rounded < static_cast<double>(high + 1)))
                return {static_cast<T>(rounded < 0 ? low : high), Fit::Outside};
            exact = rounded == wanted.real;
            integer = static_cast<__int128>(rounded);
        }
        if (integer < low || integer > high)
            return {static_cast<T>(integer < low ? low : high), Fit::Outside};
        return {static_cast<T>(integer), exact ? Fit::Exact : Fit::Inexact};
    }
    else
    {
        // Integers have at most 64 bits. One that a double does not hold is too
        // large for 16 bits, and is rounded once to 32.
        T element{};
        if (!wanted.whole)
            element = static_cast<T>(wanted.real);
        else if constexpr (sizeof(T) == 4)
            element = static_cast<T>(wanted.integer);
        else
            element = static_cast<T>(static_cast<double>(wanted.integer));
        const auto stored = static_cast<double>(element);
        const bool finite = wanted.whole || std::isfinite(wanted.real);
        if (finite && !(std::fabs(stored) <= largestFinite<T>()))
            return {static_cast<T>(std::copysign(largestFinite<T>(), stored)),
                    Fit::Outside};
        const bool exact =
            std::isnan(stored) || areEqual(numberOf(element), wanted);
        return {element, exact ? Fit::Exact : Fit::Inexact};
    }
}

/// The next element above or below.
template <class T> T neighbour(T element, bool above)
{
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(above ? element + 1 : element - 1);
    else
    {
        using Bits = std::conditional_t<
            sizeof(T) == 2, std::uint16_t,
            std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;
        const auto value = static_cast<double>(element);
        Bits bits = 0;
        std::memcpy(&bits, &element, sizeof(bits));
        if (value == 0)
            bits = static_cast<Bits>(
                above ? Bits{1} : Bits{1} | Bits{1} << (sizeof(T) * 8 - 1));
        else
            bits =
                static_cast<Bits>((value > 0) == above ? bits + 1 : bits - 1);
        std::memcpy(static_cast<void *>(&element), &bits, sizeof(bits));
        return element;
    }
}

}  // namespace mdimappend
