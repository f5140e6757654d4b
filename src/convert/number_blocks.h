// The inner loops of number_conversion.cpp, over blocks that fit the first
// cache.
//
// Loops have no branches, one length known to the compiler, and no aliases:
// that is what lets it vectorise them without further options. They do not
// decide about values that do not fit: they only say whether there are any, and
// the caller goes through such a block again, one by one. Where all is well
// both give the same elements, so they must compute alike.

#pragma once

#include "convert/element_types.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace mdimappend
{

constexpr std::size_t blockSize = 512;
constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

/// All ones if so, else zeros.
inline std::uint64_t maskOf(bool condition)
{
    return -std::uint64_t{condition};
}

/// A conditional expression, but one that the compiler does not make a branch
/// of: floating point operations in a branch keep it from vectorising, as they
/// might trap.
inline std::uint64_t choose(std::uint64_t mask, std::uint64_t a,
                            std::uint64_t b)
{
    return (mask & a) | (~mask & b);
}

inline double choose(std::uint64_t mask, double a, double b)
{
    return std::bit_cast<double>(choose(mask, std::bit_cast<std::uint64_t>(a),
                                        std::bit_cast<std::uint64_t>(b)));
}

/// An offset as it is added: 0 would make 0 of -0.0, -0.0 makes nothing.
inline double addend(double offset)
{
    return offset == 0 ? -0.0 : offset;
}

/// Codes to values: code * scale + offset, missing ones to NaN.
struct Unpacking
{
    double scale = 1;
    double offset = addend(0);
    double missing = notANumber;  ///< a code; never one of 64 bits
    bool hasWideMissing = false;
    std::uint64_t wideMissing = 0;  ///< a code of 64 bits
};

template <class S>
void unpackBlock(const void *from, double *__restrict values,
                 const Unpacking &rule)
{
    const auto *__restrict codes = static_cast<const S *>(from);
    const double scale = rule.scale;
    const double offset = rule.offset;
    if constexpr (isWideInteger<S>)
    {
        const auto missing = static_cast<S>(rule.wideMissing);
        const bool hasMissing = rule.hasWideMissing;
        for (std::size_t i = 0; i < blockSize; ++i)
            values[i] = hasMissing && codes[i] == missing
                            ? notANumber
                            : static_cast<double>(codes[i]) * scale + offset;
    }
    else
    {
        const double missing = rule.missing;
        for (std::size_t i = 0; i < blockSize; ++i)
        {
            const auto code = static_cast<double>(codes[i]);
            const double value = code * scale + offset;
            values[i] = choose(maskOf(code == missing), notANumber, value);
        }
    }
}

/// Values to codes: (value - offset) / divisor, rounded half to even.
struct Packing
{
    double offset = 0;
    double divisor = 1;
    /// 1 / divisor, where multiplying by it is exactly the division.
    double factor = 1;
    double missingFrom = notANumber;  ///< plain road: a value that is missing
    /// Instead of missing values; NaN in integers says that none fits.
    double missingTo = notANumber;
    double nanTo = notANumber;  ///< instead of NaN
    bool hasWideMissing = false;
    std::uint64_t wideMissing = 0;  ///< missingTo for integers of 64 bits
    /// The code that valid values must not become.
    double collides = notANumber;
    double low = 0;  ///< the integers that fit
    double high = 0;
    /// Scaling::Value: how far from an integer is still that integer, as a part
    /// of the value and of what was added on the way.
    double tolerance = 0;
    double added = 0;
    double limit = 0;  ///< beyond, fractions are lost in computing
};

enum class Scaling
{
    Divide,    ///< the arithmetic road: missing values are NaN
    Multiply,  ///< the same
    Value,     ///< the same, where the target is not packed: nothing is rounded
    None,      ///< the plain road
    Exact      ///< the plain road, where nothing may be rounded
};

/// Adding and subtracting it rounds numbers below 2^51 half to even; between
/// the two, the integer stands in the last bits of the sum.
constexpr double roundingMagic = 6755399441055744.0;  // 1.5 * 2^52
constexpr double roundingLimit = 2251799813685247.0;  // 2^51 - 1

/// A computed value is an integer if it is nearer to it than the tolerance, and
/// than this, whatever the tolerance is.
constexpr double nearestToAnInteger = 0.25;

inline bool isInteger(double computed, double rounded, const Packing &rule)
{
    const double off = std::fabs(computed - rounded);
    return (off <= nearestToAnInteger) &
           (off <= rule.tolerance * (std::fabs(computed) + rule.added));
}

/// Whether a fraction keeps its digits: those of a float of 16 bits are few
/// near 0, where it may make 0 of a concentration.
template <class T> bool keepsDigits(T element, double wanted)
{
    if constexpr (sizeof(T) == 2)
        return std::fabs(static_cast<double>(element) - wanted) <=
               0x1p-11 * std::fabs(wanted);
    return true;
}

/// The largest distance from an integer, or `known` if none is larger.
inline double largestRounding(const double *values, const Packing &rule,
                              Scaling scaling, double known)
{
    for (std::size_t i = 0; i < blockSize; ++i)
    {
        double scaled = values[i];
        if (scaling == Scaling::Divide)
            scaled = (scaled - rule.offset) / rule.divisor;
        if (scaling == Scaling::Multiply)
            scaled = (scaled - rule.offset) * rule.factor;
        const double off = std::fabs(scaled - std::nearbyint(scaled));
        if (off > known && values[i] != rule.missingFrom)
            known = off;
    }
    return known;
}

/// Whether all fit; the codes are good only then. `rounding` is the largest
/// rounding known so far, in steps; it becomes larger if one of this block is.
/// (Most blocks have none: so the loop only looks whether one has.)
template <class T, Scaling scaling>
bool packBlock(const double *__restrict values, void *to, const Packing &rule,
               double &rounding)
{
    constexpr bool rounds = std::is_integral_v<T> &&
                            scaling != Scaling::Exact &&
                            scaling != Scaling::Value;
    const double known = rounding;
    std::uint64_t more = 0;
    auto *__restrict codes = static_cast<T *>(to);
    // In locals, as the stores to codes could alias the rule's members.
    const Packing p = rule;
    constexpr bool plain =
        scaling == Scaling::None || scaling == Scaling::Exact;
    const std::uint64_t unfitIfMissing = maskOf(!p.hasWideMissing);
    std::uint64_t unfit = 0;
    for (std::size_t i = 0; i < blockSize; ++i)
    {
        const double value = values[i];
        double scaled = value;
        if constexpr (scaling == Scaling::Divide)
            scaled = (value - p.offset) / p.divisor;
        if constexpr (scaling == Scaling::Multiply)
            scaled = (value - p.offset) * p.factor;
        std::uint64_t absent = maskOf(value != value);
        double instead = p.nanTo;
        if constexpr (plain)
        {
            const std::uint64_t missing = maskOf(value == p.missingFrom);
            instead = choose(missing, p.missingTo, instead);
            absent |= missing;
        }
        if constexpr (!std::is_integral_v<T>)
        {
            const T code = static_cast<T>(choose(absent, instead, scaled));
            const auto stored = static_cast<double>(code);
            std::uint64_t fits =
                maskOf(std::fabs(stored) <= largestFinite<T>()) &
                maskOf(stored != p.collides);
            if constexpr (scaling == Scaling::Exact)
                fits &= maskOf(stored == scaled);
            if constexpr (scaling == Scaling::Value)
                fits &= maskOf(keepsDigits(code, scaled));
            unfit |= ~(absent | fits);
            codes[i] = code;
        }
        else if constexpr (isWideInteger<T>)
        {
            const double sum = scaled + roundingMagic;
            const double rounded = sum - roundingMagic;
            std::uint64_t fits = maskOf(rounded >= p.low) &
                                 maskOf(rounded <= p.high) &
                                 maskOf(rounded != p.collides);
            if constexpr (scaling == Scaling::Exact)
                fits &= maskOf(rounded == scaled);
            if constexpr (scaling == Scaling::Value)
                fits &= maskOf(isInteger(scaled, rounded, p));
            if constexpr (rounds)
                more |= maskOf(std::fabs(scaled - rounded) > known) & ~absent;
            unfit |= choose(absent, unfitIfMissing, ~fits);
            const auto bits = std::bit_cast<std::uint64_t>(sum) -
                              std::bit_cast<std::uint64_t>(roundingMagic);
            codes[i] = static_cast<T>(choose(absent, p.wideMissing, bits));
        }
        else
        {
            // The missing value takes the same way: one selection of doubles,
            // not of codes, which would be narrowed one by one.
            const double wanted = choose(absent, instead, scaled);
            const double sum = wanted + roundingMagic;
            const double rounded = sum - roundingMagic;
            const std::uint64_t fits =
                maskOf(rounded >= p.low) & maskOf(rounded <= p.high);
            std::uint64_t spoilt = maskOf(rounded == p.collides);
            if constexpr (scaling == Scaling::Exact)
                spoilt |= maskOf(rounded != wanted);
            if constexpr (scaling == Scaling::Value)
                spoilt |= ~maskOf(isInteger(wanted, rounded, p));
            if constexpr (rounds)
                more |= maskOf(std::fabs(wanted - rounded) > known);
            unfit |= ~fits | (spoilt & ~absent);
            codes[i] = static_cast<T>(std::bit_cast<std::uint64_t>(sum));
        }
    }
    if (more != 0 && unfit == 0)
        rounding = largestRounding(values, p, scaling, known);
    return unfit == 0;
}

/// Integers of 64 bits to any type, exactly or rounded.
struct Carrying
{
    bool hasMissing = false;
    std::uint64_t missingFrom = 0;
    const void *missingTo = nullptr;  ///< one element; null if none fits
    bool collidesWithMissing = false;
    bool exact = true;
    bool truthValues = false;
};

template <class S, class T>
bool carryBlock(const void *from, void *to, const Carrying &rule)
{
    static_assert(isWideInteger<S>);
    const auto *__restrict codes = static_cast<const S *>(from);
    auto *__restrict out = static_cast<T *>(to);
    const auto missingFrom = static_cast<S>(rule.missingFrom);
    const bool hasMissing = rule.hasMissing;
    const T missingTo = rule.missingTo ? loadElement<T>(rule.missingTo) : T();
    const bool collides = rule.collidesWithMissing;
    const bool missingFits = rule.missingTo != nullptr;
    const bool exact = rule.exact;
    bool allFit = true;
    for (std::size_t i = 0; i < blockSize; ++i)
    {
        const S value = codes[i];
        const T code = static_cast<T>(value);
        bool fits = true;
        if constexpr (std::is_integral_v<T>)
            fits = std::in_range<T>(value) &&
                   !(rule.truthValues && static_cast<S>(code) > 1);
        else
        {
            const auto magnitude = static_cast<std::uint64_t>(
                value < 0 ? -static_cast<std::uint64_t>(value)
                          : static_cast<std::uint64_t>(value));
            const int bits =
                std::bit_width(magnitude) - std::countr_zero(magnitude);
            fits = (!exact || bits <= significandBits<T>()) &&
                   std::fabs(static_cast<double>(code)) <= largestFinite<T>();
        }
        fits = fits && !(collides && code == missingTo);
        const bool missing = hasMissing && value == missingFrom;
        allFit &= missing ? missingFits : fits;
        out[i] = missing ? missingTo : code;
    }
    return allFit;
}

}  // namespace mdimappend
